//! A web server that answers well and badly.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What it answers goes by the first part of the path: `/good/…` the path itself, `/moved/…` a
/// redirect to `/good/…`, `/elsewhere/…` a redirect to another protocol, `/empty/…` nothing,
/// `/cut/…` less than promised, `/third/…` an error until the third request, and anything else 404.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        let thread = thread::spawn(
            move || {
                while serve(&listener.accept().unwrap().0, &seen).is_some() {}
            },
        );
        Self {
            address,
            requests,
            thread: Some(thread),
        }
    }

    /// The URL of `path`, which starts with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The paths asked for so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.address));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

/// Answers one request; none when the connection carries no request.
fn serve(mut stream: &TcpStream, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.unwrap().split(' ').nth(1)?.to_owned();
    lines
        .map(Result::unwrap)
        .take_while(|line| !line.is_empty())
        .for_each(drop);
    let mut seen = seen.lock().unwrap();
    let before = seen.iter().filter(|earlier| **earlier == path).count();
    let answer = answer(&path, before);
    // Whoever has the answer may ask at once what was asked for.
    seen.push(path);
    drop(seen);
    stream.write_all(answer.as_bytes()).unwrap();
    Some(())
}

fn answer(path: &str, before: usize) -> String {
    let head = |status: &str, length: usize| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n")
    };
    let good = format!("{}\r\n{path}", head("200 OK", path.len()));
    match path.split('/').nth(1) {
        Some("good") => good,
        Some("moved") => {
            let to = path.replace("/moved/", "/good/");
            format!("{}Location: {to}\r\n\r\n", head("302 Found", 0))
        }
        Some("elsewhere") => format!(
            "{}Location: ftp://127.0.0.1:1{path}\r\n\r\n",
            head("302 Found", 0)
        ),
        Some("empty") => format!("{}\r\n", head("200 OK", 0)),
        Some("cut") => format!("{}\r\nshort", head("200 OK", 100)),
        Some("third") if before >= 2 => good,
        Some("third") => format!("{}\r\nbusy", head("503 Service Unavailable", 4)),
        _ => format!("{}\r\nnot here", head("404 Not Found", 8)),
    }
}
