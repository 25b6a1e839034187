//! The host of `crm`, against a HubSpot on the loopback that takes all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::Command,
    thread,
};

#[test]
fn the_statuses_of_those_added_arrive() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            // Each input has what a result of it must have.
            let body = String::from_utf8(body).unwrap().replace("\"inputs\"", "\"results\"");
            let head = "HTTP/1.1 200 OK\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    let folder = std::env::temp_dir().join(format!("optin-crm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let numbers = (0..20).map(|n| format!("+120655501{n:02}"));
    let output = Command::new(env!("CARGO_BIN_EXE_crm"))
        .arg(folder.join("consent.db"))
        .arg("sms_number")
        .args(numbers)
        .env("HUBSPOT_TOKEN", "a-token")
        .env("HUBSPOT_ADDRESS", address)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, "accepted 20, waiting 0, set aside 0\n");
}
