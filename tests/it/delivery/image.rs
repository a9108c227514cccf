//! The images that `tools/image` makes, as registries and kubelets have them.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::argocd::{Application, Home, Servers};
use crate::support::cluster::wait;
use crate::support::container::{Image, Mount};
use crate::support::inputs::{SMALL, repository, workspace};
use crate::support::program::{root, run, stdout};
use crate::support::tools::{directory, succeed};

/// The user of a pod that says nothing else, and that of Argo CD's plugins.
const NOBODY: u32 = 65532;
const ARGOCD: u32 = 999;

#[test]
fn a_job_prints_what_the_program_prints() {
    let image = Image::make("kaito-render");
    let pulled = image.pull();
    assert_eq!(pulled.config["config"]["User"], "65532:65532");
    let examples = root().join("examples");
    let mounts = [Mount {
        source: &examples,
        target: "/in",
        writable: false,
    }];
    for user in [NOBODY, ARGOCD] {
        let command = pulled.program(&["render", "/in/inference", "--root", "/in"]);
        let container = pulled.container(user, &command, &[], &mounts);
        let run = run(&mut container.run(), "");
        let expected = stdout(&["render", "examples/inference", "--root", "examples"], "");
        assert_eq!((run.code, run.stdout), (0, expected), "{}", run.stderr);
    }
}

#[test]
fn the_image_has_one_static_program_of_less_than_20_mb() {
    let image = Image::make("kaito-render");
    let pulled = image.pull();
    let mut files: Vec<_> = walkdir::WalkDir::new(pulled.files())
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| {
            entry
                .path()
                .strip_prefix(pulled.files())
                .unwrap()
                .to_owned()
        })
        .collect();
    files.sort();
    let expected = ["etc/group", "etc/passwd", "usr/local/bin/kaito-render"];
    assert_eq!(files, expected.map(Path::new));
    let program = pulled.files().join(expected[2]);
    assert!(fs::metadata(&program).unwrap().len() < 20_000_000);
    let text = fs::read(&program).unwrap();
    let home = std::env::var("HOME").unwrap();
    for place in [env!("CARGO_MANIFEST_DIR"), &format!("{home}/.cargo")] {
        let found = memchr::memmem::find(&text, format!("{place}/").as_bytes());
        assert_eq!(found, None, "{place} of this machine is in the program");
    }
}

#[test]
fn the_same_program_gives_the_same_image() {
    let again = tempfile::tempdir().unwrap();
    let image = Image::make("kaito-render");
    assert_eq!(
        Image::into("kaito-render", again.path()).digest,
        image.digest
    );
}

/// Two builds from nothing, in two directories.
#[test]
#[ignore = "needs ten minutes of a release build"]
fn the_same_sources_give_the_same_image_anywhere() {
    let image = Image::make("kaito-render");
    let elsewhere = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    succeed(
        Command::new("git")
            .args(["clone", "-q"])
            .arg(root())
            .arg(elsewhere.path().join("clone")),
    );
    let mut make = Command::new(elsewhere.path().join("clone/tools/image"));
    make.arg("kaito-render").arg(elsewhere.path().join("image"));
    make.env("CARGO_TARGET_DIR", elsewhere.path().join("target"));
    let output = succeed(&mut make);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        image.digest
    );
}

#[test]
fn the_bill_of_materials_has_what_is_linked() {
    let image = Image::make("kaito-render");
    let text = fs::read_to_string(image.directory.join("sbom.cdx.json")).unwrap();
    let bill: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&bill["bomFormat"], &bill["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    let name = |component: &Value| component["name"].as_str().unwrap().to_owned();
    let listed: BTreeSet<_> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect();
    let mut tree = Command::new(env!("CARGO"));
    tree.args([
        "tree",
        "--locked",
        "--offline",
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
    ]);
    let output = succeed(tree.current_dir(root()));
    let linked = String::from_utf8(output.stdout).unwrap();
    let linked: BTreeSet<_> = linked
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert!(linked.len() > 50, "{linked:?}");
    for name in linked.iter().filter(|name| **name != "kaito-render") {
        assert!(listed.contains(*name), "{name}");
    }
    for of_tests in ["criterion", "proptest"] {
        assert!(!listed.contains(of_tests), "{of_tests}");
    }
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
}

/// The kernel keeps SIGTERM from the first process of a container if that does not handle it.
#[test]
fn a_job_ends_when_it_is_told_to() {
    let pulled = Image::make("kaito-render").pull();
    let container = pulled.container(NOBODY, &pulled.program(&["render", "-"]), &[], &[]);
    let mut run = container.run();
    run.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut waits_for_its_input = run.spawn().unwrap();
    wait("it has ended", || {
        container.signal("TERM");
        waits_for_its_input.try_wait().unwrap().is_some()
    });
    let status = waits_for_its_input.wait().unwrap();
    assert_eq!(status.code(), Some(128 + 15));
}

/// As the sidecar of Argo CD's repo-server, with the mounts of `deploy/argocd/repo-server.yaml`.
#[test]
fn argo_cd_generates_by_its_sidecar() {
    let pulled = Image::make("kaito-render").pull();
    let home = Home::new();
    let temporary = tempfile::tempdir().unwrap();
    let config = tempfile::tempdir().unwrap();
    let plugin = "plugin.yaml";
    fs::copy(
        root().join("deploy/argocd").join(plugin),
        config.path().join(plugin),
    )
    .unwrap();
    // Directories of the kubelet's are everybody's.
    let everybody = Permissions::from_mode(0o777);
    for directory in [temporary.path(), &home.path("plugins"), config.path()] {
        fs::set_permissions(directory, everybody.clone()).unwrap();
    }
    let mount = |source, target, writable| Mount {
        source,
        target,
        writable,
    };
    let [programs, plugins] = [directory().join("bin"), home.path("plugins")];
    let mounts = [
        mount(&*programs, "/var/run/argocd", false),
        mount(&*plugins, "/home/argocd/cmp-server/plugins", true),
        mount(config.path(), "/home/argocd/cmp-server/config", false),
        mount(temporary.path(), "/tmp", true),
    ];
    let command = ["/var/run/argocd/argocd", "argocd-cmp-server"];
    let sidecar = pulled.container(ARGOCD, &command, &[], &mounts);
    let servers = Servers::around(
        vec![(sidecar.run(), plugins.join("kaito-render.sock"))],
        home,
    );
    let repository = repository(&[("models/phi-4.yaml", &workspace("phi-4", SMALL))]);
    let objects = servers
        .generate(&Application::new(repository.path()))
        .unwrap();
    let kinds: BTreeSet<_> = objects
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    let expected = ["NodeClaim", "Service", "StatefulSet", "Workspace"];
    assert_eq!(kinds, BTreeSet::from(expected));
}

/// The controller's, beside a real API server.
#[cfg(feature = "controller")]
#[test]
#[ignore = "needs five minutes of a release build"]
fn the_controller_writes_statuses_from_its_image() {
    use crate::support::cluster::ports;
    use crate::support::rig::Rig;

    let pulled = Image::make("kaito-render-controller").pull();
    let mut rig = Rig::new(1);
    let files = rig.cluster.path("");
    let mounts = [Mount {
        source: Path::new(&files),
        target: &files,
        writable: false,
    }];
    let [port] = ports();
    let listen = format!("127.0.0.1:{port}");
    let command = pulled.program(&["--listen", &listen]);
    let env = format!("KUBECONFIG={}", rig.cluster.path("kubeconfig"));
    let container = pulled.container(NOBODY, &command, &[&env], &mounts);
    let names = rig.names.clone();
    rig.cluster.start("image", container.run());
    rig.settle("False");
    rig.report_all(&names, 1);
    rig.settle("True");
    // Its own end, and not that of runc, which passes the signal on.
    assert_eq!(rig.cluster.stop("image", "TERM").code(), Some(0));
}
