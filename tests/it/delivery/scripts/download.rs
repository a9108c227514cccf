use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use super::server::Server;
use super::{Place, RELEASES, download_script, places, stderr, tool};

/// Downloads `urls` into the directory `data` of `place`, as the release does.
fn download(place: &Place, release: &str, urls: &str) -> Output {
    tool("curl");
    let data = place.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let environment = [
        ("DATA_URLS", urls),
        ("DATA_VOLUME_PATH", data.to_str().unwrap()),
        ("RETRY_SECONDS", "0.05"),
    ];
    place
        .start(&download_script(release), &environment)
        .wait_with_output()
        .unwrap()
}

/// Every release in every place.
fn runs() -> impl Iterator<Item = (&'static str, Place)> {
    RELEASES
        .into_iter()
        .flat_map(|release| places().map(|place| (release, place)))
}

/// The files of the volume by name, with their text.
fn files(place: &Place) -> BTreeMap<String, String> {
    let entries = fs::read_dir(place.path().join("data"))
        .unwrap()
        .map(Result::unwrap);
    entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read_to_string(entry.path()).unwrap(),
            )
        })
        .collect()
}

fn expected<const N: usize>(files: [(&str, &str); N]) -> BTreeMap<String, String> {
    files
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

#[test]
fn every_url_becomes_a_file_named_after_its_end() {
    let server = Server::start();
    let urls = [
        "/good/a.parquet?download=true&x=1",
        "/moved/b.csv",
        "/good/data/",
        "/good/[1-2]{a,b}*.json",
    ];
    let urls = urls.map(|path| server.url(path)).join(" ");
    for place in places() {
        let output = download(&place, "0.3", &urls);
        assert!(output.status.success(), "{}", stderr(&output));
        let wanted = expected([
            (
                "a.parquet_download_true_x_1",
                "/good/a.parquet?download=true&x=1",
            ),
            ("b.csv", "/good/b.csv"),
            ("data", "/good/data/"),
            ("[1-2]{a,b}*.json", "/good/[1-2]{a,b}*.json"),
        ]);
        assert_eq!(files(&place), wanted);
    }
}

#[test]
fn the_name_of_a_signed_url_is_cut() {
    let server = Server::start();
    let path = format!("/good/train.parquet?signature={}", "0".repeat(400));
    for place in places() {
        let output = download(&place, "0.3", &server.url(&path));
        assert!(output.status.success(), "{}", stderr(&output));
        let name = format!("train.parquet_signature_{}", "0".repeat(216));
        assert_eq!(files(&place), expected([(&name, &path)]));
    }
}

#[test]
fn release_0_12_cuts_the_name_at_query_and_fragment() {
    let server = Server::start();
    let long = format!("/good/{}.parquet", "x".repeat(300));
    let urls = [
        "/good/a.parquet?x=/1#y",
        "/moved/b.csv",
        "/good/data/",
        "/good/[1-2]{a,b}*.json",
        "/good/c#?/d",
        &long,
    ];
    let urls = urls.map(|path| server.url(path)).join(" ");
    for place in places() {
        let output = download(&place, "0.12", &urls);
        assert!(output.status.success(), "{}", stderr(&output));
        let wanted = expected([
            ("a.parquet", "/good/a.parquet?x=/1"),
            ("b.csv", "/good/b.csv"),
            ("data", "/good/data/"),
            ("[1-2]{a,b}*.json", "/good/[1-2]{a,b}*.json"),
            ("c", "/good/c"),
            (&"x".repeat(240), &long),
        ]);
        assert_eq!(files(&place), wanted);
    }
}

#[test]
fn release_0_12_keeps_files_of_one_name_apart() {
    let server = Server::start();
    let urls = [
        "/good/a.csv?1",
        "/good/4-a.csv",
        "/good/b/a.csv",
        "/good/c/a.csv",
        "/good/4-4-a.csv",
    ];
    let urls = urls.map(|path| server.url(path)).join(" ");
    for place in places() {
        let output = download(&place, "0.12", &urls);
        assert!(output.status.success(), "{}", stderr(&output));
        let wanted = expected([
            ("a.csv", "/good/a.csv?1"),
            ("4-a.csv", "/good/4-a.csv"),
            ("3-a.csv", "/good/b/a.csv"),
            ("4-4-a.csv", "/good/c/a.csv"),
            ("5-4-4-a.csv", "/good/4-4-a.csv"),
        ]);
        assert_eq!(files(&place), wanted);
    }
}

#[test]
fn release_0_12_wants_a_path() {
    let server = Server::start();
    for path in ["", "/", "?a/b", "#a/b", "/?a", "/#/a"] {
        for place in places() {
            let url = server.url(path);
            let output = download(&place, "0.12", &url);
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(
                stderr(&output),
                format!("data-downloader: no file name in {url}\n")
            );
        }
    }
}

#[test]
fn release_0_12_speaks_no_other_protocol() {
    for place in places() {
        let server = Server::start();
        let file = place.path().join("secret");
        fs::write(&file, "secret").unwrap();
        for url in [
            format!("file://{}", file.display()),
            server.url("/elsewhere/a.csv"),
        ] {
            let output = download(&place, "0.12", &url);
            assert_eq!(output.status.code(), Some(1));
            let text = stderr(&output);
            assert_eq!(text.matches("curl: (1) ").count(), 3, "{text}");
            assert!(text.ends_with(&format!("giving up on {url}\n")), "{text}");
            assert_eq!(files(&place), expected([]));
        }
    }
}

#[test]
fn a_server_may_fail_twice() {
    for (release, place) in runs() {
        let server = Server::start();
        let output = download(&place, release, &server.url("/third/a.json"));
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(files(&place), expected([("a.json", "/third/a.json")]));
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn three_failures_name_the_url_and_leave_only_what_is_whole() {
    for bad in ["/missing/b.json", "/empty/b.json", "/cut/b.json"] {
        for (release, place) in runs() {
            let server = Server::start();
            let urls = ["/good/a.json", bad, "/good/c.json"]
                .map(|path| server.url(path))
                .join(" ");
            let output = download(&place, release, &urls);
            assert_eq!(output.status.code(), Some(1));
            let last = format!("giving up on {}\n", server.url(bad));
            assert!(stderr(&output).ends_with(&last), "{}", stderr(&output));
            assert_eq!(files(&place), expected([("a.json", "/good/a.json")]));
            assert_eq!(server.requests(), ["/good/a.json", bad, bad, bad]);
        }
    }
}

#[test]
fn without_a_url_there_is_nothing_to_train_on() {
    for urls in ["", " "] {
        for (release, place) in runs() {
            let output = download(&place, release, urls);
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(
                stderr(&output),
                "data-downloader: there is no URL in DATA_URLS\n"
            );
        }
    }
}

#[test]
fn a_url_is_no_pattern_of_file_names() {
    for (release, place) in runs() {
        fs::create_dir(place.path().join("data")).unwrap();
        fs::write(place.path().join("data/there"), "").unwrap();
        let output = download(&place, release, "*");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).ends_with(" *\n"), "{}", stderr(&output));
    }
}

#[test]
fn no_url_writes_outside_the_volume() {
    let server = Server::start();
    for path in ["/good/..", "/good/.", "/good//", "/good/../"] {
        for (release, place) in runs() {
            let output = download(&place, release, &server.url(path));
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(
                stderr(&output),
                format!("data-downloader: no file name in {}\n", server.url(path))
            );
            assert_eq!(files(&place), expected([]));
        }
    }
    assert_eq!(server.requests(), [""; 0]);
}
