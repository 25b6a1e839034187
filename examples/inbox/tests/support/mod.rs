//! A host in a file of its own, and a browser without a window.
#![allow(dead_code, unreachable_pub, reason = "each test file takes what it needs")]

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use inbox::{host::Host, seed, web};
use optin::{MessageId, Outcome, PhoneNumber, Text};
use tower::ServiceExt;

/// A host with the demonstration's contacts, in a new file that this test names.
pub async fn host(name: &str) -> Arc<Host> {
    let host = empty_host(name).await;
    assert!(seed::play(&host).await.unwrap());
    host
}

/// A host without a contact.
pub async fn empty_host(name: &str) -> Arc<Host> {
    Host::open(&file(name), None).await.unwrap()
}

/// Where nothing is yet.
pub fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("inbox.db")
}

pub fn number(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

/// A text of the contact.
pub async fn texted(host: &Arc<Host>, from: &str, id: &str, body: &str) -> Outcome {
    let text = Text::new(host.inbox.clone(), MessageId::new(id).unwrap(), body.to_owned());
    host.texted(number(from), text).await.unwrap()
}

/// Keeps a cookie and the token of the last page, as a browser does.
pub struct Browser {
    router: Router,
    cookie: String,
    pub token: String,
    pub host: &'static str,
    pub origin: Option<&'static str>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    pub fn of(host: &Arc<Host>) -> Self {
        Self {
            router: web::router(Arc::clone(host)),
            cookie: String::new(),
            token: String::new(),
            host: "127.0.0.1:3000",
            origin: None,
        }
    }

    pub async fn get(&mut self, page: &str) -> Answer {
        let request = Request::get(page).body(Body::empty()).unwrap();
        let answer = self.ask(request).await;
        let token = answer.text.split("name=\"token\" value=\"").nth(1);
        if let Some(token) = token.and_then(|rest| rest.split('"').next()) {
            self.token = token.into();
        }
        answer
    }

    /// A form of the last page, filled in like this.
    pub async fn post(&mut self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        self.post_fields(page, &fields.collect()).await
    }

    pub async fn post_fields(&mut self, page: &str, fields: &BTreeMap<String, String>) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", &self.token).extend_pairs(fields);
        self.post_raw(page, &form.finish()).await
    }

    pub async fn post_raw(&mut self, page: &str, body: &str) -> Answer {
        let request = Request::post(page)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.ask(request).await
    }

    /// A form with a file.
    pub async fn upload(&mut self, page: &str, file: &str) -> Answer {
        let (token, edge) = (&self.token, "----edge");
        let body = format!(
            "--{edge}\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
             --{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
             Content-Type: text/csv\r\n\r\n{file}\r\n--{edge}--\r\n"
        );
        let request = Request::post(page)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={edge}"))
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    /// Who one is from now on.
    pub async fn become_(&mut self, person: &str) {
        self.get("/").await;
        let answer = self.post("/person", &[("person", person)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }

    /// The fields of the settings page, as they stand.
    pub async fn settings(&mut self) -> BTreeMap<String, String> {
        let page = self.get("/settings").await.text;
        let value = |name: &str| {
            let field = page.split(&format!("name=\"{name}\"")).nth(1).unwrap();
            unescaped(field.split("value=\"").nth(1).unwrap().split('"').next().unwrap())
        };
        let area = |name: &str| {
            let field = page.split(&format!("name=\"{name}\"")).nth(1).unwrap();
            let content = field.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
            unescaped(content.strip_prefix('\n').unwrap())
        };
        let keyword = page.split("<option selected>").nth(1).unwrap().split('<').next().unwrap();
        let mut fields: BTreeMap<_, _> =
            ["before", "after", "opt_out_notice", "confirmed", "opted_out"]
                .into_iter()
                .map(|name| (name.to_owned(), area(name)))
                .collect();
        for name in ["revision", "max", "interval_hours"] {
            fields.insert(name.into(), value(name));
        }
        fields.insert("keyword".into(), keyword.into());
        if page.contains("value=\"on\" checked") {
            fields.insert("double_opt_in".into(), "on".into());
        }
        fields
    }

    async fn ask(&mut self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.parse().unwrap());
        if !self.cookie.is_empty() {
            headers.insert(header::COOKIE, self.cookie.parse().unwrap());
        }
        if let Some(origin) = self.origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = to_bytes(body, 10 << 20).await.unwrap();
        let text = String::from_utf8(text.into()).unwrap();
        let answer = Answer { status: parts.status, headers: parts.headers, text };
        if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().into();
        }
        answer
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
