//! What the status controller costs among many Workspaces. On demand:
//!
//! ```sh
//! cargo test --release --features controller --test it scale -- --ignored --nocapture
//! ```
//!
//! `KAITO_RENDER_WORKSPACES` says among how many, if not among a thousand.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::rig::{Controller, Rig};

/// How many Workspaces there are.
fn workspaces() -> usize {
    std::env::var("KAITO_RENDER_WORKSPACES").map_or(1000, |count| count.parse().unwrap())
}

/// How often something changes, in a second.
const RATE: u32 = 20;

/// How many changes there are.
const CHANGES: usize = 1500;

/// What a program has used up to now.
struct Usage {
    /// Time of the processor, in seconds.
    cpu: f64,
    /// The memory that it has now, and the most it ever had, in MB.
    memory: [f64; 2],
}

impl Usage {
    fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // Behind the name, which may hold anything, these are the 14th and 15th field, in
        // hundredths of a second.
        let fields: Vec<_> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let ticks: f64 = fields[11..13]
            .iter()
            .map(|ticks| ticks.parse::<f64>().unwrap())
            .sum();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let memory = ["VmRSS:", "VmHWM:"].map(|field| {
            let line = status.lines().find(|line| line.starts_with(field)).unwrap();
            line.split_whitespace()
                .nth(1)
                .unwrap()
                .parse::<f64>()
                .unwrap()
                * 1024.0
                / 1e6
        });
        Self {
            cpu: ticks / 100.0,
            memory,
        }
    }
}

/// What was seen up to now of changes and their way, as the controller counts it.
fn latencies(controller: &Controller, metric: &str) -> Vec<(String, u64)> {
    let text = controller.page("/metrics").unwrap();
    let buckets = text.lines().filter_map(|line| {
        let (bound, count) = line
            .strip_prefix(metric)?
            .strip_prefix("_bucket{le=\"")?
            .split_once("\"} ")?;
        Some((bound.to_owned(), count.parse().unwrap()))
    });
    buckets.collect()
}

/// The bound that so many of a hundred do not exceed.
fn percentile(before: &[(String, u64)], after: &[(String, u64)], part: u64) -> String {
    let counts: Vec<_> = after
        .iter()
        .zip(before)
        .map(|((bound, after), (_, before))| (bound, after - before))
        .collect();
    let all = counts.last().unwrap().1;
    counts
        .iter()
        .find(|(_, count)| count * 100 >= all * part)
        .unwrap()
        .0
        .clone()
}

/// Every third change means nothing to a Workspace: a node says that it is still there. The others
/// are real: pods become ready, and if there are more changes than Workspaces, unready again.
async fn change(rig: &Rig, number: usize) {
    if number % 3 == 2 {
        let time = format!(
            "2026-01-01T{:02}:{:02}:{:02}Z",
            number / 3600,
            number / 60 % 60,
            number % 60
        );
        let condition = json!({"type": "Ready", "status": "True", "lastHeartbeatTime": time});
        let node = &rig.nodes[number % rig.nodes.len()];
        rig.write(
            ["", "v1", "Node"],
            node,
            &json!({"conditions": [condition]}),
        )
        .await;
    } else {
        let real = number / 3 * 2 + number % 3;
        let count = rig.names.len();
        let pods = u32::try_from((real / count + 1) % 2).unwrap();
        rig.report(&rig.names[real % count], pods).await;
    }
}

fn pod(name: &String) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{name}-0"), "labels": {"kaito.sh/workspace": name}},
        "spec": {"containers": [{"name": "model", "image": "example.org/model:1"}]}})
}

#[test]
#[ignore = "takes minutes, and measures"]
fn many_workspaces_cost_little_and_each_change_is_written_once() {
    let mut rig = Rig::new(workspaces());
    let pods: Vec<_> = rig.names.iter().map(pod).collect();
    rig.cluster
        .admin()
        .apply(&json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string());
    let controller = rig.start("controller", &["--leader-elect"]);
    rig.settle("False");
    let count = u64::try_from(rig.names.len()).unwrap();
    rig.cluster
        .wait("the controller knows what it has written", |_| {
            controller.written() == count
        });
    let pid = rig.cluster.pid("controller");
    let metrics = [
        "kaito_render_decided_after_seconds",
        "kaito_render_written_after_seconds",
    ];
    let (settled, writes) = (Usage::of(pid), rig.writes());
    let before = metrics.map(|metric| latencies(&controller, metric));
    assert_eq!(writes, count, "one write for each Workspace");

    let pause = Duration::from_secs(1) / RATE;
    rig.runtime.block_on(async {
        let mut beat = tokio::time::interval(pause);
        for number in 0..CHANGES {
            beat.tick().await;
            change(&rig, number).await;
        }
    });
    let real = (0..CHANGES).filter(|number| number % 3 != 2).count();
    let expected = count + u64::try_from(real).unwrap();
    rig.cluster.wait("every real change is written", |_| {
        controller.written() >= expected
    });
    let (after, requests) = (Usage::of(pid), rig.writes() - writes);
    let latencies = metrics.map(|metric| latencies(&controller, metric));
    let number = f64::from(u32::try_from(CHANGES).unwrap());
    println!("{count} Workspaces; {CHANGES} changes, {real} of them real, {RATE} a second");
    println!(
        "memory after settling, and the peak: {:.0} MB, {:.0} MB",
        settled.memory[0], after.memory[1]
    );
    println!("CPU up to settling: {:.2} s", settled.cpu);
    println!(
        "CPU a change: {:.2} ms",
        (after.cpu - settled.cpu) * 1000.0 / number
    );
    println!("writes: {requests}");
    for (metric, (before, after)) in metrics.iter().zip(before.iter().zip(&latencies)) {
        let parts = [50, 95, 100].map(|part| percentile(before, after, part));
        println!("{metric}, at most, for 50, 95 and 100 of 100: {parts:?}");
    }
    assert!(
        requests <= u64::try_from(real).unwrap(),
        "{requests} writes for {real} real changes"
    );
    assert!(after.memory[1] < 100.0, "{} MB", after.memory[1]);
}
