//! `cargo run -p inbox`: opens the file, plays the demonstration into it, and serves until ctrl-c.

use std::{
    error::Error,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use inbox::{
    config::{Config, USAGE},
    host::Host,
    number::Number,
    seed,
    web::{self, random_name},
};
use tokio::{net::TcpListener, signal, sync::watch};

/// Ports that are tried in turn when none was asked for.
const PORTS: std::ops::RangeInclusive<u16> = 3000..=3050;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(config) = Config::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inbox: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  because {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), Box<dyn Error>> {
    let file = config.file.map_or_else(fresh_file, Ok)?;
    let number = Number::read(|name| std::env::var(name).ok())?;
    let webhook = number.as_ref().map(|number| number.address.clone());
    let host = Host::open(&file, number).await?;
    seed::play(&host).await?;
    let listener = listen(config.port).await?;
    println!("inbox: http://{}", listener.local_addr()?);
    println!("       the data is in {}; ctrl-c ends it", file.display());
    if let Some(address) = webhook {
        println!("       texts to the real number come in by {address}");
    }

    let (stop, stopped) = watch::channel(false);
    let pruner = tokio::spawn(Arc::clone(&host).prune(stopped.clone()));
    let dispatcher = tokio::spawn(Arc::clone(&host).dispatch(stopped));
    web::serve(listener, Arc::clone(&host), interrupted()).await?;

    // Requests are over. What they began comes to its end, then the round of the dispatcher.
    host.finish().await;
    stop.send_replace(true);
    dispatcher.await?;
    pruner.await?;
    println!("inbox: stopped; what still waits goes out at the next start");
    Ok(())
}

/// A file of this run alone, under a name that nobody can have put there before.
fn fresh_file() -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("optin-inbox-{}", random_name()));
    std::fs::create_dir(&folder)?;
    Ok(folder.join("inbox.db"))
}

/// On this machine alone: whoever can reach it can read the conversations.
async fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = port {
        return TcpListener::bind(at(port)).await;
    }
    for port in PORTS {
        if let Ok(listener) = TcpListener::bind(at(port)).await {
            return Ok(listener);
        }
    }
    TcpListener::bind(at(0)).await
}

async fn interrupted() {
    if signal::ctrl_c().await.is_err() {
        // Without a signal it runs until it is killed, which it survives as any crash.
        std::future::pending().await
    }
}
