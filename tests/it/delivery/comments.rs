//! As much of GitHub's and GitLab's interface as a comment on a pull request needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What GitHub calls the user of a job, and the number of GitLab's.
const US: (&str, u64) = ("github-actions[bot]", 1);

/// The comments of one pull request, and who serves them until the test ends.
pub(super) struct Comments {
    pub(super) url: String,
    all: Arc<Mutex<Vec<Value>>>,
}

impl Comments {
    /// Without it every request is refused.
    pub(super) const TOKEN: &str = "t0ken";

    /// Begins with a page of comments by others, one of whom pretends to be us.
    pub(super) fn serve() -> Self {
        let others = (0..100).map(|number| {
            let text = if number == 50 {
                "<!-- kaito-render diff -->"
            } else {
                "a comment"
            };
            comment(number, text, ("somebody", 2))
        });
        let all = Arc::new(Mutex::new(others.collect()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(&all);
        // It ends with the tests, since a listener can't be told to stop.
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &mut served.lock().unwrap());
            }
        });
        Self { url, all }
    }

    /// What we have written.
    pub(super) fn ours(&self) -> Vec<String> {
        let all = self.all.lock().unwrap();
        let ours = all.iter().filter(|comment| comment["author"]["id"] == US.1);
        ours.map(|comment| comment["body"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn comment(id: usize, body: &str, (login, author): (&str, u64)) -> Value {
    json!({"id": id, "body": body, "user": {"login": login}, "author": {"id": author}})
}

/// Answers one request, and closes the connection.
fn answer(mut stream: &TcpStream, all: &mut Vec<Value>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; field("Content-Length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let token = field("Authorization").or_else(|| field("PRIVATE-TOKEN"));
    let (status, answer) = if token.is_some_and(|token| token.ends_with(Comments::TOKEN)) {
        let mut words = head.split(' ');
        respond(words.next().unwrap(), words.next().unwrap(), &body, all)
    } else {
        ("401 Unauthorized", json!({}))
    };
    let answer = answer.to_string();
    let length = answer.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all((head + &answer).as_bytes()).unwrap();
}

fn respond(method: &str, path: &str, body: &[u8], all: &mut Vec<Value>) -> (&'static str, Value) {
    let pull_request = [
        "/repos/team/models/issues/7/comments",
        "/projects/team/merge_requests/7/notes",
    ];
    let one = [
        "/repos/team/models/issues/comments/",
        "/projects/team/merge_requests/7/notes/",
    ];
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let text = || {
        serde_json::from_slice::<Value>(body).unwrap()["body"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    if place == "/user" {
        return ("200 OK", json!({"id": US.1}));
    }
    if pull_request.contains(&place) && method == "GET" {
        let page: usize = query.rsplit("&page=").next().unwrap().parse().unwrap();
        let page: Vec<_> = all.iter().skip((page - 1) * 100).take(100).collect();
        return ("200 OK", json!(page));
    }
    if pull_request.contains(&place) && method == "POST" {
        all.push(comment(all.len(), &text(), US));
        return ("201 Created", json!({}));
    }
    let number = one
        .iter()
        .find_map(|one| place.strip_prefix(one)?.parse::<usize>().ok());
    match number {
        Some(number)
            if ["PATCH", "PUT"].contains(&method) && all[number]["author"]["id"] == US.1 =>
        {
            all[number]["body"] = text().into();
            ("200 OK", json!({}))
        }
        _ => ("404 Not Found", json!({})),
    }
}
