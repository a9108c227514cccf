//! Reads `add` of an overlay.

use std::net::IpAddr;

use super::{Addition, Kind, disruption, monitoring, network, route};
use crate::base::pointer;
use crate::catalogue::profile::{Additions, MonitorKind, Monitoring, Network, Peer, Route};
use crate::expand::Layout;
use crate::input::schema::written_as;
use crate::overlay::metadata::check_marks;
use crate::overlay::reader::Reader;
use crate::overlay::selector::{is_key, is_value};

/// Reads what is added, in the order in which it is added.
pub(in crate::overlay) fn read(
    add: &Additions,
    pointer: &str,
    reader: &mut Reader,
) -> Vec<Addition> {
    let mut all = Vec::new();
    let mut push = |field: &str, kind: Kind, layout: Option<Layout>, reader: &Reader| {
        all.extend(layout.map(|layout| Addition {
            part: format!("add.{field}"),
            place: reader.place(&format!("{pointer}/{field}")),
            kind,
            layout,
        }));
    };
    if let Some(monitoring) = &add.monitoring {
        check_monitoring(monitoring, &format!("{pointer}/monitoring"), reader);
        let file = match monitoring.kind {
            MonitorKind::PodMonitor => monitoring::POD_MONITOR,
            MonitorKind::ServiceMonitor => monitoring::SERVICE_MONITOR,
        };
        let layout = reader.layout(file, written_as::<monitoring::Values>);
        push(
            "monitoring",
            Kind::Monitoring(monitoring.clone()),
            layout,
            reader,
        );
    }
    if add.disruption.is_some() {
        let layout = reader.layout(disruption::FILE, written_as::<disruption::Values>);
        push("disruption", Kind::Disruption, layout, reader);
    }
    if let Some(network) = &add.network {
        check_network(network, &format!("{pointer}/network"), reader);
        let layout = reader.layout(network::FILE, written_as::<network::Values>);
        push("network", Kind::Network(network.clone()), layout, reader);
    }
    if let Some(route) = &add.route {
        check_route(route, &format!("{pointer}/route"), reader);
        let layout = reader.layout(route::FILE, written_as::<route::Values>);
        push("route", Kind::Route(route.clone()), layout, reader);
    }
    all
}

fn check_monitoring(monitoring: &Monitoring, pointer: &str, reader: &mut Reader) {
    check_marks("labels", &monitoring.labels, pointer, reader);
}

fn check_network(network: &Network, pointer: &str, reader: &mut Reader) {
    for (index, peer) in network.ingress.iter().enumerate() {
        check_peer(peer, &format!("{pointer}/ingress/{index}"), reader);
    }
    for (index, egress) in network.egress.iter().enumerate() {
        if let Some(cidr) = &egress.cidr {
            check_cidr(cidr, &format!("{pointer}/egress/{index}/cidr"), reader);
        }
    }
}

fn check_peer(peer: &Peer, pointer: &str, reader: &mut Reader) {
    let names_pods = peer.namespace.is_some() || !peer.pods.is_empty();
    match &peer.cidr {
        None if !names_pods => {
            let message = "this names nobody: write `namespace`, `pods` or `cidr`";
            reader.refuse(pointer, message.to_owned());
        }
        Some(_) if names_pods => {
            let message = "`cidr` is for addresses outside of the cluster, which are no pods: write \
                           two items";
            reader.refuse(pointer, message.to_owned());
        }
        Some(cidr) => check_cidr(cidr, &format!("{pointer}/cidr"), reader),
        None => {}
    }
    for (key, value) in &peer.pods {
        let pointer = format!("{pointer}/pods/{}", pointer::escape(key));
        if !is_key(key) {
            let message = format!("`{}` is not a valid key", key.escape_debug());
            reader.refuse(&pointer, message);
        } else if !is_value(value) {
            let message = format!("`{}` is not the value of a label", value.escape_debug());
            reader.refuse(&pointer, message);
        }
    }
}

fn check_cidr(cidr: &str, pointer: &str, reader: &mut Reader) {
    let Some((address, bits)) = parsed(cidr) else {
        let message = format!(
            "`{}` is no range of addresses such as `10.0.0.0/8`",
            cidr.escape_debug()
        );
        reader.refuse(pointer, message);
        return;
    };
    let first = first_address(address, bits);
    if first != address {
        reader.refuse(pointer, format!("`{cidr}` begins at `{first}/{bits}`"));
    }
}

/// An address and the number of its bits that count.
fn parsed(cidr: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = cidr.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let is_plain = bits == "0" || !bits.starts_with(['0', '+']);
    let bits: u32 = bits.parse().ok().filter(|_| is_plain)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

fn first_address(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(it) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            IpAddr::V4((it.to_bits() & mask).into())
        }
        IpAddr::V6(it) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            IpAddr::V6((it.to_bits() & mask).into())
        }
    }
}

fn check_route(route: &Route, pointer: &str, reader: &mut Reader) {
    // Names of Workspaces and namespaces are such words.
    let filled = |text: &str| text.replace("$namespace", "a").replace("$name", "a");
    for (index, hostname) in route.hostnames.iter().enumerate() {
        if !is_hostname(&filled(hostname)) {
            let message = format!("`{}` is not the name of a host", hostname.escape_debug());
            reader.refuse(&format!("{pointer}/hostnames/{index}"), message);
        }
    }
    if !is_path(&filled(&route.path)) {
        let message = format!(
            "`{}` is not the beginning of a path such as `/$name`",
            route.path.escape_debug()
        );
        reader.refuse(&format!("{pointer}/path"), message);
    }
}

/// Whether a text is a host as the Gateway API takes it, of which the first label may be `*`.
fn is_hostname(text: &str) -> bool {
    let is_inner = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    let is_label = |label: &str| {
        label.starts_with(is_inner)
            && label.ends_with(is_inner)
            && label.chars().all(|it| is_inner(it) || it == '-')
    };
    let labels = text.strip_prefix("*.").unwrap_or(text);
    text.len() <= 253 && labels.split('.').all(is_label)
}

/// Whether a text is a prefix of paths as the Gateway API takes it.
fn is_path(text: &str) -> bool {
    let Some(steps) = text.strip_prefix('/') else {
        return false;
    };
    let steps = steps.strip_suffix('/').unwrap_or(steps);
    let is_step = |step: &str| {
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "-._~".contains(it);
        !step.is_empty() && step != "." && step != ".." && step.chars().all(is_plain)
    };
    text.len() <= 1024 && (text == "/" || steps.split('/').all(is_step))
}
