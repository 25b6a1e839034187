//! What the client says of calls that end badly, against sockets on the loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

use http::{Request, Response};
use optin::{
    blocking::block_on,
    client::{CallFailed, Client, MAX_ANSWER},
};
use optin_ureq::Ureq;

/// A server that does this with one connection, once it read the request's head.
fn server(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"{}") && stream.read(&mut byte).unwrap() > 0 {
            head.extend(byte);
        }
        answer(&mut stream);
        // Nobody may call twice.
        listener.set_nonblocking(true).unwrap();
        thread::sleep(Duration::from_millis(50));
        assert!(listener.accept().is_err(), "it was called again");
        String::from_utf8(head).unwrap()
    });
    (address, server)
}

fn call(address: &str) -> Result<Response<Vec<u8>>, CallFailed> {
    let request = Request::post(address).header("authorization", "Bearer x");
    let request = request.body(b"{}".to_vec()).unwrap();
    block_on(Ureq::with_time(Duration::from_secs(2)).call(request))
}

fn says(bytes: &'static str) -> Result<Response<Vec<u8>>, CallFailed> {
    let (address, server) = server(move |stream| stream.write_all(bytes.as_bytes()).unwrap());
    let answer = call(&address);
    server.join().unwrap();
    answer
}

#[test]
fn an_answer_is_given_back_whatever_its_status() {
    for status in [200, 201, 207, 299, 400, 401, 404, 429, 477, 500, 503] {
        let (address, server) = server(move |stream| {
            write!(stream, "HTTP/1.1 {status} X\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok")
                .unwrap();
        });
        let answer = call(&address).unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (status, &b"ok"[..]));
        assert_eq!(answer.headers()["retry-after"], "7");
        let head = server.join().unwrap();
        assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("authorization: Bearer x\r\n"), "{head}");
    }
}

#[test]
fn a_redirect_is_given_back_and_not_followed() {
    for status in ["301 X", "302 X", "303 X", "307 X", "308 X"] {
        let (address, server) = server(move |stream| {
            let location = "Location: http://127.0.0.1:1/elsewhere";
            write!(stream, "HTTP/1.1 {status}\r\n{location}\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        let answer = call(&address);
        server.join().unwrap();
        assert_eq!(answer.unwrap().status().as_str(), &status[..3]);
    }
}

#[test]
fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(call(&address).unwrap_err(), CallFailed::NotSent);
    let nowhere = call("http://no-such-host.invalid/").unwrap_err();
    assert_eq!(nowhere, CallFailed::NotSent);
}

#[test]
fn of_a_cut_connection_nobody_knows() {
    assert_eq!(says("").unwrap_err(), CallFailed::Unknown);
    assert_eq!(says("HTTP/1.1 200 OK\r\nContent-Le").unwrap_err(), CallFailed::Unknown);
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it";
    assert_eq!(says(half).unwrap_err(), CallFailed::Unknown);
    assert_eq!(says("what is this\r\n\r\n").unwrap_err(), CallFailed::Unknown);
}

#[test]
fn of_a_silent_server_nobody_knows() {
    let (address, server) = server(|_: &mut TcpStream| thread::sleep(Duration::from_secs(3)));
    assert_eq!(call(&address).unwrap_err(), CallFailed::Unknown);
    server.join().unwrap();
}

#[test]
fn an_answer_without_end_is_not_read_to_it() {
    let (address, server) = server(|stream| {
        let long = vec![b'x'; 64 << 10];
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 100 << 20).unwrap();
        let mut written = 0;
        while written < 100 << 20 && stream.write_all(&long).is_ok() {
            written += long.len();
        }
        assert!(written < MAX_ANSWER * 4, "{written} bytes were read");
    });
    assert_eq!(call(&address).unwrap_err(), CallFailed::Unknown);
    server.join().unwrap();
}
