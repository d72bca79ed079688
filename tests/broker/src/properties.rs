//! What the broker's file says: KRaft, small, quick to notice that a broker or a member is gone.

use std::path::Path;

use crate::options::{Listener, Options};
use crate::ports::Port;

/// Identity and addresses of one node.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: i32,
    pub(crate) controller: Port,
    pub(crate) listeners: Vec<(Listener, Port)>,
}

/// The same for one broker and for three.
const COMMON: &str = "\
process.roles=broker,controller
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
auto.create.topics.enable=false
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=1
num.io.threads=2
log.cleaner.dedupe.buffer.size=2097152
log.retention.ms=-1
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=500
";

/// A broker that was killed is missed after 3 s, and comes back in 4 s instead of 11.5. Not sooner: it fences itself when
/// its own heartbeat is late, and on a machine that is busy with compiles that happened again and again with 1 s.
const ALONE: &str = "\
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=250
";

/// Three brokers on two cores: shorter time-outs make elections of their own.
const THREE: &str = "\
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=250
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
replica.lag.time.max.ms=3000
";

/// The properties of the node at `place`; later lines win.
pub(crate) fn render(place: &Place, voters: &[(i32, u16)], options: &Options, folder: &Path) -> String {
    let mut text = COMMON.to_owned();
    text.push_str(if voters.len() == 1 { ALONE } else { THREE });
    let (replicas, in_sync) = if voters.len() == 1 { (1, 1) } else { (3, 2) };
    let mut set = |name: &str, value: &str| {
        text.push_str(&format!("{name}={value}\n"));
    };
    for name in [
        "default.replication.factor",
        "offsets.topic.replication.factor",
        "transaction.state.log.replication.factor",
        "share.coordinator.state.topic.replication.factor",
    ] {
        set(name, &replicas.to_string());
    }
    for name in [
        "min.insync.replicas",
        "transaction.state.log.min.isr",
        "share.coordinator.state.topic.min.isr",
    ] {
        set(name, &in_sync.to_string());
    }
    let voters: Vec<String> = voters
        .iter()
        .map(|(id, port)| format!("{id}@127.0.0.1:{port}"))
        .collect();
    set("controller.quorum.voters", &voters.join(","));
    set("node.id", &place.id.to_string());
    set("log.dirs", &folder.join("data").to_string_lossy());
    listeners(place, &mut set);
    security(options, folder, &mut set);
    for (name, value) in &options.properties {
        set(name, value);
    }
    text
}

fn listeners(place: &Place, set: &mut impl FnMut(&str, &str)) {
    let ways: Vec<String> = place
        .listeners
        .iter()
        .map(|(listener, port)| format!("{}://127.0.0.1:{}", listener.name(), port.number))
        .collect();
    let protocols: Vec<String> = place
        .listeners
        .iter()
        .map(|(listener, _)| format!("{}:{}", listener.name(), listener.protocol()))
        .collect();
    let controller = place.controller.number;
    set(
        "listeners",
        &format!("{},CONTROLLER://127.0.0.1:{controller}", ways.join(",")),
    );
    set("advertised.listeners", &ways.join(","));
    set(
        "listener.security.protocol.map",
        &format!("{},CONTROLLER:PLAINTEXT", protocols.join(",")),
    );
}

/// Where the certificates lie, by [`write_certificates`], and who may come in.
fn security(options: &Options, folder: &Path, set: &mut impl FnMut(&str, &str)) {
    if let Some(tls) = &options.tls {
        set("ssl.keystore.type", "PEM");
        set(
            "ssl.keystore.location",
            &folder.join("server.pem").to_string_lossy(),
        );
        if tls.client_ca.is_some() {
            set("ssl.truststore.type", "PEM");
            set(
                "ssl.truststore.location",
                &folder.join("clients.pem").to_string_lossy(),
            );
            set("listener.name.tls.ssl.client.auth", "required");
        }
    }
    if options.users.is_empty() {
        return;
    }
    let users: Vec<String> = options
        .users
        .iter()
        .map(|(name, password)| format!("user_{name}=\"{password}\""))
        .collect();
    let users = users.join(" ");
    let package = "org.apache.kafka.common.security";
    for listener in ["sasl", "sasltls"] {
        let prefix = format!("listener.name.{listener}");
        set(
            &format!("{prefix}.sasl.enabled.mechanisms"),
            "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        );
        set(
            &format!("{prefix}.plain.sasl.jaas.config"),
            &format!("{package}.plain.PlainLoginModule required {users};"),
        );
        for scram in ["scram-sha-256", "scram-sha-512"] {
            set(
                &format!("{prefix}.{scram}.sasl.jaas.config"),
                &format!("{package}.scram.ScramLoginModule required;"),
            );
        }
    }
}

/// Puts the certificates where the properties look for them.
pub(crate) fn write_certificates(options: &Options, folder: &Path) -> std::io::Result<()> {
    let Some(tls) = &options.tls else { return Ok(()) };
    std::fs::write(folder.join("server.pem"), format!("{}\n{}", tls.key, tls.chain))?;
    tls.client_ca
        .as_ref()
        .map_or(Ok(()), |ca| std::fs::write(folder.join("clients.pem"), ca))
}
