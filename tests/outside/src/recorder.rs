//! A server on the loopback that writes down one request and answers it.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread::{self, JoinHandle},
};

use serde_json::Value;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `POST`, `PATCH`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The JSON of its body.
    pub body: Value,
}

impl Recorded {
    /// The value of this header, if it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The server, until it was called once.
#[derive(Debug)]
pub struct Recorder {
    address: String,
    server: JoinHandle<Recorded>,
}

impl Recorder {
    /// Listens, to answer the first request with this JSON, by a function of its body.
    ///
    /// # Panics
    /// Where there is no loopback, or what comes is no HTTP/1.1 with a JSON body.
    pub fn start(answer: impl Fn(&Value) -> Value + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody calls");
            let recorded = read(&mut BufReader::new(&stream));
            let body = answer(&recorded.body).to_string();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .expect("the caller listens");
            recorded
        });
        Self { address: format!("http://127.0.0.1:{port}"), server }
    }

    /// Where it listens, without a slash behind.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The request, once it came.
    ///
    /// # Panics
    /// Where it was no request.
    pub fn recorded(self) -> Recorded {
        self.server.join().expect("the request was read")
    }
}

fn read(from: &mut impl BufRead) -> Recorded {
    let mut line = String::new();
    from.read_line(&mut line).expect("a request line");
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = words.next().zip(words.next()).expect("a method and a path");
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).expect("a length");
    let mut body = vec![0; length];
    from.read_exact(&mut body).expect("a body");
    let body = serde_json::from_slice(&body).expect("JSON");
    Recorded { method, path, headers, body }
}
