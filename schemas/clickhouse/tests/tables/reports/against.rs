//! The reports against the reference: random data, random questions, equal value by value.
//!
//! `TEST_SEED=7` repeats one seed, `TEST_SEEDS=200` plays more of them.

mod lately;
mod people;

use super::ask;
use super::random::books::ledger;
use super::random::{Random, events, question};
use super::reference::behaviour::{self, Walk};
use super::reference::books::Entry;
use super::reference::funnel::{Steps, funnel};
use super::reference::{Answer, Cell, Event, Question, traffic, zone};
use crate::engine::{Server, insert};
use clickhouse::Client;
use footfall_tables::{DIMENSIONS, EVENTS, EventBlock, LEDGER, LedgerBlock};
use lately::lately;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Data sets that are played each time.
const SEEDS: u64 = 24;
/// Questions asked about each.
const QUESTIONS: usize = 1;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn list(values: &[impl AsRef<str>]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| quoted(value.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

fn range(question: &Question) -> String {
    format!(
        "site = '{}', since = '{}', until = '{}'",
        question.site,
        zone::millis(question.since),
        zone::millis(question.until)
    )
}

fn filters(question: &Question) -> String {
    let pairs = question.filters.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, values)| format!("{}, {}", quoted(name), list(values)))
        .collect();
    format!("filters = map({})", pairs.join(", "))
}

/// The common parameters as SQL.
fn common(question: &Question) -> String {
    format!(
        "{}, bots = {}, {}",
        range(question),
        question.bots,
        filters(question)
    )
}

fn same(found: &[Vec<String>], expected: &Answer) -> bool {
    let equal = |(found, expected): (&String, &Cell)| match expected {
        Cell::Text(text) => found == text,
        Cell::Float(number) => (found.parse::<f64>().unwrap() - number).abs() < 1e-9,
    };
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found, expected)| found.len() == expected.len() && found.iter().zip(expected).all(equal))
}

/// That a report was asked, and whether it said something.
fn note(asked: &RefCell<Asked>, report: &str, answer: &Answer) {
    let says = answer
        .iter()
        .flatten()
        .any(|cell| *cell != Cell::from(0) && *cell != Cell::from(""));
    let mut asked = asked.borrow_mut();
    let (all, answered) = asked.entry(report.to_owned()).or_default();
    *all += 1;
    *answered += usize::from(says);
}

/// The first line in which an answer is another.
fn difference(found: &[Vec<String>], expected: &Answer) -> String {
    let plain = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Float(number) => number.to_string(),
    };
    let expected: Vec<Vec<_>> = expected
        .iter()
        .map(|line| line.iter().map(plain).collect())
        .collect();
    let differs = found
        .iter()
        .zip(&expected)
        .position(|(found, expected)| found != expected);
    let at = differs.unwrap_or(found.len().min(expected.len()));
    format!(
        "lines: {} found, {} expected; line {at}:\nfound    {:?}\nexpected {:?}",
        found.len(),
        expected.len(),
        found.get(at),
        expected.get(at)
    )
}

/// One seed's data, and who asks about them.
struct Case<'a> {
    client: &'a Client,
    seed: u64,
    events: &'a [Event],
    ledger: &'a [Entry],
    question: Question,
    asked: &'a RefCell<Asked>,
}

/// For each report how often it was asked, and how often its answer said something.
type Asked = BTreeMap<String, (usize, usize)>;

impl Case<'_> {
    async fn check(&self, report: &str, parameters: &str, expected: Answer) {
        let sql = format!("SELECT * FROM report_{report}({parameters})");
        let found = ask(self.client, &sql).await;
        self.compare(report, &sql, &found, &expected);
    }

    fn compare(&self, report: &str, sql: &str, found: &[Vec<String>], expected: &Answer) {
        assert!(
            same(found, expected),
            "TEST_SEED={}\n{sql}\n{}",
            self.seed,
            difference(found, expected)
        );
        note(self.asked, report, expected);
    }

    async fn traffic(&self, random: &mut Random) {
        let (question, events) = (&self.question, self.events);
        let common = common(question);
        self.check("overview", &common, traffic::overview(question, events))
            .await;
        self.check("newcomers", &common, traffic::newcomers(question, events))
            .await;
        let interval = random.pick(&["minute", "hour", "day", "week", "month"]);
        let parameters = format!(
            "{common}, interval = '{interval}', timezone = '{}'",
            question.timezone
        );
        self.check(
            "timeline",
            &parameters,
            traffic::timeline(question, events, interval),
        )
        .await;
        let parameters = format!("{common}, timezone = '{}'", question.timezone);
        self.check("pattern", &parameters, traffic::pattern(question, events))
            .await;
        let by = random.pick(&["path", "path_template"]);
        self.check(
            "pages",
            &format!("{common}, by = '{by}'"),
            traffic::pages(question, events, by),
        )
        .await;
        for dimension in [
            random.pick(DIMENSIONS).name,
            random.pick(&["country", "channel", "path", "entry_path"]),
        ] {
            let touch = random.pick(&["session", "session", "first"]);
            let parameters = format!("{common}, dimension = '{dimension}', touch = '{touch}'");
            let expected = traffic::breakdown(question, events, dimension, touch);
            self.check("breakdown", &parameters, expected).await;
        }
    }

    async fn behaviour(&self, random: &mut Random) {
        let (question, events) = (&self.question, self.events);
        let common = common(question);
        self.check("sessions", &common, behaviour::sessions(question, events))
            .await;
        let walk = Walk {
            start: random.pick(&["", "", "/", "/docs/a", "/item/:id", "/über/uns"]),
            backward: random.once_in(2),
            depth: 1 + random.below(5),
            by: random.pick(&["path", "path_template"]),
        };
        let parameters = format!(
            "{common}, start = '{}', direction = '{}', depth = {}, by = '{}'",
            walk.start,
            if walk.backward { "backward" } else { "forward" },
            walk.depth,
            walk.by
        );
        self.check("paths", &parameters, behaviour::paths(question, events, walk))
            .await;
        let unit = random.pick(&["day", "week", "month"]);
        let parameters = format!("{common}, unit = '{unit}', timezone = '{}'", question.timezone);
        self.check(
            "retention",
            &parameters,
            behaviour::retention(question, events, unit),
        )
        .await;
        let of = if random.once_in(2) {
            String::new()
        } else {
            self.somebody(random).visitor_id.to_string()
        };
        let parameters = format!("{common}, of = '{of}', timezone = '{}'", question.timezone);
        self.check(
            "preferences",
            &parameters,
            behaviour::preferences(question, events, &of),
        )
        .await;
    }

    async fn steps(&self, random: &mut Random) {
        let (question, events) = (&self.question, self.events);
        let common = common(question);
        let known = [
            "page:/docs/*",
            "page:/docs/b_%",
            "page:/item/:id",
            "page:*s*",
            "page:/x\\y",
            "page:",
            "event:sign_up",
            "event:sign*",
            "event:outbound",
            "type:login",
            "type:page_view",
            "type:page_*",
            "nothing",
            "page:/pricing",
        ];
        let pick = |random: &mut Random, most: usize| -> Vec<_> {
            (0..=random.below(most)).map(|_| random.pick(&known)).collect()
        };
        let goals = pick(random, 20);
        self.check(
            "goals",
            &format!("{common}, goals = {}", list(&goals)),
            behaviour::goals(question, events, &goals),
        )
        .await;
        let steps = pick(random, 4);
        let asked = Steps {
            steps: &steps,
            window_ms: random.pick(&[0, 60_000, 3_600_000, 864_000_000]),
            strict: random.once_in(3),
            dimension: random.pick(&["", "", "country", "channel", "path", "entry_path", "city"]),
        };
        let parameters = format!(
            "{common}, steps = {}, window_s = {}, strict = {}, dimension = '{}'",
            list(&steps),
            asked.window_ms / 1_000,
            u8::from(asked.strict),
            asked.dimension
        );
        self.check("funnel", &parameters, funnel(question, events, asked))
            .await;
    }

    fn somebody(&self, random: &mut Random) -> &Event {
        &self.events[random.below(self.events.len())]
    }
}

async fn keep(client: &Client, events: &[Event]) {
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    events.iter().for_each(|event| block.push(event));
    block.write_native(&mut bytes);
    insert(client, EVENTS, bytes).await.unwrap();
}

async fn enter(client: &Client, entries: &[Entry]) {
    let (mut block, mut bytes) = (LedgerBlock::default(), Vec::new());
    entries.iter().for_each(|entry| block.push(entry));
    block.write_native(&mut bytes);
    insert(client, LEDGER, bytes).await.unwrap();
}

async fn play(client: &Client, seed: u64, asked: &RefCell<Asked>) {
    let random = &mut Random::new(seed);
    // A site of its own for each seed, so that all can lie in one table.
    let site: &'static str = Box::leak(format!("site{seed}").into_boxed_str());
    let (middle, events) = events(random, site);
    let ledger = ledger(random, site, middle, &events);
    keep(client, &events).await;
    enter(client, &ledger).await;
    for _ in 0..QUESTIONS {
        let case = Case {
            client,
            seed,
            events: &events,
            ledger: &ledger,
            question: question(random, site, middle, &events),
            asked,
        };
        case.traffic(random).await;
        case.behaviour(random).await;
        case.steps(random).await;
        case.people(random).await;
        case.books().await;
    }
    lately(client, random, seed, asked).await;
}

#[tokio::test]
async fn reports_say_what_a_plain_reckoning_says() {
    let (_server, client) = Server::migrated().await;
    let seeds = match number("TEST_SEED") {
        Some(seed) => seed..=seed,
        None => 0..=number("TEST_SEEDS").unwrap_or(SEEDS) - 1,
    };
    let asked = RefCell::default();
    for seed in seeds {
        play(&client, seed, &asked).await;
    }
    for (report, (asked, answered)) in asked.into_inner() {
        assert!(
            asked < 10 || answered > 0,
            "{report} said something {answered} times of {asked}"
        );
    }
}
