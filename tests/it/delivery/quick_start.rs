//! What README.md shows of a cluster is what happens on one of real programs. The test has a hand
//! in the nodes alone, in the place of a provisioner.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use crate::project::readme_commands::{self, Shown};
use crate::support::cluster::{Cluster, Kubectl, PATIENCE, tether};
use crate::support::flavour::Flavour;
use crate::support::program::run;
use crate::support::provisioner::Provisioner;
use crate::support::tools;

/// A shell at a cluster, in a directory with the examples.
struct Session {
    /// Once there is one; it goes before its cluster does.
    provisioner: Option<Provisioner>,
    cluster: Cluster,
    kubectl: Kubectl,
    directory: tempfile::TempDir,
}

impl Session {
    fn new() -> Self {
        let mut cluster = Cluster::of_actors();
        let karpenter = &Flavour::Azure.crds()[0];
        cluster.apply_crds(karpenter);
        let directory = readme_commands::directory();
        // The kubectl of the cluster's release, under its name.
        let kube = tools::tool("bin/kube");
        let script = format!(
            "#!/bin/sh\nexec {} kubectl \"$@\"\n",
            kube.get_program().display()
        );
        let kubectl = directory.path().join("bin/kubectl");
        std::fs::create_dir(directory.path().join("bin")).unwrap();
        std::fs::write(&kubectl, script).unwrap();
        std::fs::set_permissions(&kubectl, PermissionsExt::from_mode(0o755)).unwrap();
        Self {
            provisioner: None,
            kubectl: cluster.admin(),
            cluster,
            directory,
        }
    }

    fn bash(&self, script: &str) -> Command {
        let mut bash = tether("bash");
        let bin = self.directory.path().join("bin");
        bash.args(["-c", script]).current_dir(self.directory.path());
        bash.env(
            "PATH",
            format!("{}:{}", bin.display(), readme_commands::path()),
        );
        self.kubectl.equip(&mut bash);
        bash
    }

    /// Runs a command; one that only looks, until it prints what is shown, for others are at work
    /// meanwhile.
    fn run(&mut self, Shown { command, output }: &Shown) {
        if let Some(program) = command.strip_suffix(" &") {
            let bash = self.bash(&format!("exec {program}"));
            self.cluster.start("program", bash);
            return;
        }
        if self.provisioner.is_none() && command.contains("condition=Ready") {
            self.provisioner = Some(Provisioner::start(self.kubectl.clone()));
        }
        let shown = masked(output);
        let script = format!("exec 2>&1; {command}");
        let is_look = command.starts_with("kubectl get ");
        let bash = || {
            masked(
                &run(&mut self.bash(&script), "")
                    .stdout
                    .lines()
                    .collect::<Vec<_>>(),
            )
            .join("\n")
        };
        let mut printed = bash();
        let start = Instant::now();
        while is_look && !readme_commands::matches(&shown, &printed) && start.elapsed() < PATIENCE {
            printed = bash();
        }
        assert!(
            readme_commands::matches(&shown, &printed),
            "$ {command}\n{printed}"
        );
    }
}

/// Lines without what differs from run to run: ages and addresses, and with these the widths of
/// columns.
fn masked(lines: &[impl AsRef<str>]) -> Vec<String> {
    let is_address = |word: &str| word.parse::<std::net::Ipv4Addr>().is_ok();
    let is_age = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_digit())
            && word.ends_with(['s', 'm', 'h'])
            && word
                .chars()
                .all(|char| char.is_ascii_digit() || "smh".contains(char))
    };
    let has_address = lines
        .iter()
        .any(|line| line.as_ref().split_whitespace().any(is_address));
    let mask = |line: &str| {
        let age = line
            .split_whitespace()
            .next_back()
            .filter(|word| is_age(word))
            .map_or(0, str::len);
        let line = line.trim_end();
        let line = line[..line.len() - age].trim_end();
        if !has_address {
            return line.to_owned();
        }
        let words = line
            .split_whitespace()
            .map(|word| if is_address(word) { "ADDRESS" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    lines.iter().map(|line| mask(line.as_ref())).collect()
}

#[test]
fn every_command_at_a_cluster_prints_what_is_shown() {
    let commands = readme_commands::commands(&readme_commands::parts()[0]);
    assert!(
        commands.len() >= 8,
        "only {} commands were found",
        commands.len()
    );
    let mut session = Session::new();
    for shown in &commands {
        session.run(shown);
    }
}
