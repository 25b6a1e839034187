//! A host on a free port, and Chromium that its driver steers.

mod axe;

use std::{net::Ipv4Addr, path::PathBuf, process::Stdio, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use inbox::{host::Host, seed, web};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

/// How long a condition may take to come true; none should take a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub dark: bool,
    pub phone: bool,
}

pub const LOOKS: [Look; 4] = [
    Look { dark: false, phone: false },
    Look { dark: true, phone: false },
    Look { dark: false, phone: true },
    Look { dark: true, phone: true },
];

impl Look {
    pub fn name(self) -> &'static str {
        match (self.dark, self.phone) {
            (false, false) => "light-wide",
            (true, false) => "dark-wide",
            (false, true) => "light-phone",
            (true, true) => "dark-phone",
        }
    }

    fn capabilities(self, profile: &str) -> Map<String, Value> {
        let mut arguments = vec![
            "--headless".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--disable-dev-shm-usage".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--force-device-scale-factor=1".into(),
            // Smaller pictures.
            "--disable-lcd-text".into(),
            "--window-size=1280,900".into(),
            format!("--user-data-dir={profile}"),
            format!("--blink-settings=preferredColorScheme={}", if self.dark { 0 } else { 1 }),
        ];
        if self.dark {
            arguments.push("--force-dark-mode".into());
        }
        let mut options = json!({ "args": arguments });
        if self.phone {
            let metrics = json!({"width": 390, "height": 844, "pixelRatio": 1.0, "touch": true});
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        capabilities
    }
}

/// A browser that looks at a host of its own.
pub struct Browser {
    pub client: Client,
    address: String,
    /// Ends when it is dropped.
    _driver: Child,
}

impl Browser {
    /// Opens one. `name` is of the files that it leaves below `target`.
    pub async fn open(name: &str, look: Look) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let host = Host::open(&folder.join("inbox.db"), None).await.unwrap();
        seed::play(&host).await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(web::serve(listener, host, std::future::pending()));

        let (driver, port) = driver().await;
        let profile = folder.join("profile").display().to_string();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(look.capabilities(&profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver starts chromium: is it of the same version?");
        Self { client, address, _driver: driver }
    }

    pub async fn go(&self, page: &str) {
        self.client.goto(&format!("{}{page}", self.address)).await.unwrap();
    }

    /// The element, as soon as there is one.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Waits until an element says this.
    pub async fn sees(&self, css: &str, words: &str) {
        let script = "const [css, words] = arguments;
            return [...document.querySelectorAll(css)].some(e => e.textContent.includes(words));";
        let began = std::time::Instant::now();
        loop {
            let arguments = vec![css.into(), words.into()];
            // Between two pages there is no document to look at.
            if let Ok(Value::Bool(true)) = self.client.execute(script, arguments).await {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "no {css} says {words:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn press(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Keeps a picture below `target/inbox-screenshots`.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../inbox-screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    pub async fn value(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}

/// The driver of Debian's Chromium, and the port that it chose.
async fn driver() -> (Child, u16) {
    let started = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut driver = started.unwrap_or_else(|error| {
        panic!("chromedriver cannot be started ({error}): run examples/inbox/outside/install.sh")
    });
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        // "ChromeDriver was started successfully on port 12345."
        if let Some(port) = line.split("on port ").nth(1).filter(|_| line.contains("success")) {
            let port = port.trim_end_matches('.').parse().unwrap();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (driver, port);
        }
    }
    panic!("chromedriver ended without a port");
}
