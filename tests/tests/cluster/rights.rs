//! Users who may do a part of what a service does, on a broker that asks: `footfall check` and the services say in one line
//! which right is missing, and a service goes on by itself when it has it.

use crate::refusals::delete;
use crate::{send, settle};
use footfall_broker::{Broker, Listener, May, On, Options};
use footfall_tests::books::number;
use footfall_tests::cluster::Wiring;
use footfall_tests::footfall::eventually;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use std::time::Duration;
use tempfile::TempDir;

const TOPIC: On<'_> = On::Topic("footfall-events");
const GROUP: On<'_> = On::Group("footfall");
/// Of the days' salts, which all ingests share.
const SALTS: On<'_> = On::Topic("footfall-salts");
const PLAN: Plan = Plan {
    clients: 2,
    events: 200,
    batch: 10,
    pause: Duration::ZERO,
};

/// A cluster whose broker knows who may do what.
struct Guarded {
    /// Of nobody in particular, who may do everything here.
    all: Wiring,
    broker: Broker,
    clickhouse: Server,
    _folder: TempDir,
}

impl Guarded {
    /// With the topic made, and these users.
    fn start(users: &[&str]) -> Self {
        let options = users
            .iter()
            .fold(Options::default().authorizer(), |options, name| {
                options.user(name, "right")
            });
        let broker = Broker::start(&options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clickhouse = Server::start(&folder.path().join("clickhouse")).unwrap();
        let all = Wiring::new(folder.path(), &broker.bootstrap(), &clickhouse, 1, 1);
        all.prepare().unwrap();
        Self {
            all,
            broker,
            clickhouse,
            _folder: folder,
        }
    }

    fn allow(&self, user: &str, rights: &[(On<'_>, May)]) {
        for (on, may) in rights {
            self.broker.allow(user, *on, *may).unwrap();
        }
    }

    /// Services and commands of this user.
    fn of(&self, user: &str) -> Wiring {
        self.all.with(&[
            (
                "KAFKA_BOOTSTRAP_SERVERS",
                &self.broker.bootstrap_of(Listener::Sasl).unwrap(),
            ),
            ("KAFKA_SASL_MECHANISM", "PLAIN"),
            ("KAFKA_SASL_USERNAME", user),
            ("KAFKA_SASL_PASSWORD", "right"),
        ])
    }

    /// `footfall check <service>` finds exactly this problem, and names this remedy.
    fn lacks(&self, user: &str, service: &str, problem: &str, remedy: &str) {
        let said = self.of(user).run(&["check", service]).unwrap_err().to_string();
        println!("{said}");
        let problems: Vec<_> = said.lines().filter(|line| line.contains("PROBLEM")).collect();
        assert!(
            problems.len() == 1 && problems[0].contains(problem) && said.contains(remedy),
            "{user}, {service}: {problem}; {remedy}\n{said}"
        );
    }
}

#[test]
fn check_names_the_one_right_that_is_missing() {
    let guarded = Guarded::start(&[
        "none",
        "reader",
        "member",
        "elsewhere",
        "blind",
        "saltless",
        "keeper",
    ]);
    let seen = [(TOPIC, May::DescribeConfigs), (TOPIC, May::Describe)];
    guarded.allow("reader", &[(TOPIC, May::Read), seen[0]]);
    guarded.allow("member", &[(GROUP, May::Read), seen[0], seen[1]]);
    guarded.allow(
        "elsewhere",
        &[(On::Topic("others"), May::Write), seen[0], seen[1]],
    );
    guarded.allow(
        "blind",
        &[(TOPIC, May::Read), (TOPIC, May::Write), (GROUP, May::Read)],
    );
    let salts = [May::Read, May::Write, May::Delete, May::DescribeConfigs].map(|may| (SALTS, may));
    for user in ["reader", "elsewhere", "blind"] {
        guarded.allow(user, &salts);
    }
    let edge = [(TOPIC, May::Write), seen[0]];
    guarded.allow("saltless", &edge);
    guarded.allow("saltless", &[(SALTS, May::Read), (SALTS, May::DescribeConfigs)]);
    guarded.allow("keeper", &edge);
    guarded.allow("keeper", &[salts[0], salts[1], salts[3]]);
    // A right takes some milliseconds to count.
    eventually("the last right", || {
        let said = guarded.of("blind").run(&["check", "processor"]).unwrap_err();
        anyhow::ensure!(!said.to_string().contains("may not"), "{said}");
        Ok(())
    })
    .unwrap();
    let may_not_read = "our user may not read the topic footfall-events";
    let may_not_write = "our user may not write to the topic footfall-events";
    let may_not_be = "our user may not be in the group footfall";
    guarded.lacks(
        "reader",
        "processor",
        may_not_be,
        "--operation Read --group footfall",
    );
    guarded.lacks(
        "reader",
        "ingest",
        may_not_write,
        "--producer --topic footfall-events",
    );
    guarded.lacks(
        "member",
        "processor",
        may_not_read,
        "--operation Read --topic footfall-events",
    );
    guarded.lacks(
        "elsewhere",
        "ingest",
        may_not_write,
        "--producer --topic footfall-events",
    );
    let blind = "cannot read the configuration of the topic footfall-events";
    guarded.lacks("blind", "processor", blind, "--operation DescribeConfigs");
    guarded.lacks("blind", "ingest", blind, "--operation DescribeConfigs");
    guarded.lacks(
        "keeper",
        "ingest",
        "our user may not delete records of the topic footfall-salts",
        "--operation Delete --topic footfall-salts",
    );
    let said = guarded
        .of("saltless")
        .run(&["check", "ingest"])
        .unwrap_err()
        .to_string();
    for part in [
        "PROBLEM our user may not write to the topic footfall-salts",
        "--producer --topic footfall-salts",
        "PROBLEM our user may not delete records of the topic footfall-salts",
        "Kafka lets our user read the topic footfall-salts",
        "Kafka lets our user write to the topic footfall-events",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let said = guarded
        .of("none")
        .run(&["check", "processor"])
        .unwrap_err()
        .to_string();
    for part in ["permit our user to describe the topic", may_not_read, may_not_be] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains(&format!("PROBLEM {may_not_write}")), "{said}");
}

/// The service says what it may not do: in our words, and not again and again.
fn says(service: &Service, what: &str) {
    let lines = || {
        let printed = service.printed();
        // A right to the topic of salts may be missing too, and has a line of its own.
        let is_about_it = |line: &&str| {
            line.contains(what) || line.contains("AuthorizationFailed") && !line.contains("salts")
        };
        printed.lines().filter(is_about_it).count()
    };
    eventually(what, || {
        anyhow::ensure!(lines() > 0, "{}", service.printed());
        Ok(())
    })
    .unwrap();
    assert_eq!(lines(), 1, "{}", service.printed());
}

#[test]
fn a_service_says_which_right_it_lacks_and_goes_on_when_it_has_it() {
    let guarded = Guarded::start(&["bare", "edge", "processor"]);
    // Without any right to write a producer gets no id; with one elsewhere it is refused record by record.
    guarded.allow("bare", &[(TOPIC, May::Describe)]);
    guarded.allow(
        "edge",
        &[(TOPIC, May::Describe), (SALTS, May::Read), (SALTS, May::Write)],
    );
    guarded.allow("processor", &[(TOPIC, May::Describe)]);
    let mut ingest = guarded.of("edge").ingest("edge-1").unwrap();
    let home = guarded.all.home(&ingest);
    let witness = send(
        std::slice::from_ref(&home),
        &PLAN,
        &mut Seed::from_env(),
        &Control::default(),
    );
    // Each as soon as it has happened: after a minute it is said again.
    says(&ingest, "our user may not write to the topic footfall-events");
    let bare = guarded.of("bare").ingest("edge-2").unwrap();
    let _elsewhere = send(
        &[guarded.all.home(&bare)],
        &PLAN,
        &mut Seed::from_env(),
        &Control::default(),
    );
    says(&bare, "our user may not write to the topic footfall-events");
    drop(bare);
    let mut processor = guarded.of("processor").processor("p-1").unwrap();
    says(&processor, "our user may not be in the group footfall;");
    let asked = guarded.of("edge").run(&["confirm-server-gone"]).unwrap_err();
    assert!(
        asked
            .to_string()
            .contains("our user may not be in the group footfall;"),
        "{asked}"
    );
    guarded.allow("processor", &[(GROUP, May::Read)]);
    says(&processor, "our user may not read the topic footfall-events");
    guarded.allow("edge", &[(TOPIC, May::Write)]);
    guarded.allow("processor", &[(TOPIC, May::Read)]);
    settle("with all rights", &home, &witness, &[&ingest, &processor]);

    // What is missing is found in the topic, and cannot be sent to it again.
    let last = number(&home, "SELECT max(log_seq) AS n FROM footfall.events").unwrap();
    delete(&guarded.clickhouse, last);
    let repair = || guarded.of("processor").run(&["audit", "--repair"]);
    let refused = repair().unwrap_err().to_string();
    assert!(
        refused.contains("our user may not write to the topic footfall-events; permit it"),
        "{refused}"
    );
    guarded.allow("processor", &[(TOPIC, May::Write)]);
    eventually("the books are balanced", repair).unwrap();
    settle("repaired", &home, &witness, &[&ingest, &processor]);
    ingest.stop().unwrap();
    processor.stop().unwrap();
}
