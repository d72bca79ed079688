//! What other projects expect of user agents, held against our answers: `data/*.tsv`, a fact a line (field, value, user
//! agent), made by `foreign.mjs` out of their packages.
//!
//! `data/names.tsv` has their names for ours; `data/explained.tsv` every disagreement that is left, and why it stays.
//! What stands in neither makes the test fail, and so does a line there that nothing needs any more.

use footfall_processor::enrich::agent::{Agent, Agents};
use footfall_processor::enrich::bot::LIKELY;
use footfall_schemas::event::ClientHints;
use std::collections::{BTreeMap, BTreeSet};

const SETS: [(&str, &str); 3] = [
    ("ua-parser-js 0.7.28", include_str!("data/ua-parser-js.tsv")),
    (
        "mileusna/useragent 1.3.5",
        include_str!("data/mileusna-useragent.tsv"),
    ),
    (
        "mssola/useragent 1.0.0",
        include_str!("data/mssola-useragent.tsv"),
    ),
];

/// A disagreement: field, their value, ours.
type Difference = (String, String, String);

fn table(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

fn ours(agent: &Agent, field: &str) -> String {
    match field {
        "browser" => agent.browser.to_string(),
        "browser_major" => agent
            .browser_version
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned(),
        "os" => agent.os.to_string(),
        "os_version" => agent.os_version.to_string(),
        "brand" => agent.device_brand.to_string(),
        "type" => agent.device_type.to_owned(),
        "bot" => (agent.signs.score() >= LIKELY).to_string(),
        "mobile" => ["mobile", "tablet", "bot", "xr"]
            .contains(&agent.device_type)
            .to_string(),
        _ => panic!("{field} is no field"),
    }
}

#[test]
fn every_disagreement_with_other_projects_is_explained() {
    let names: BTreeSet<Difference> = table(include_str!("data/names.tsv"))
        .flat_map(|row| {
            row[2]
                .split('|')
                .map(|ours| (row[0].to_owned(), row[1].to_owned(), ours.to_owned()))
                .collect::<Vec<_>>()
        })
        .collect();
    let explained: BTreeMap<Difference, &str> = table(include_str!("data/explained.tsv"))
        .map(|row| ((row[0].to_owned(), row[1].to_owned(), row[2].to_owned()), row[3]))
        .collect();
    let (agents, mut used, mut open) = (Agents::builtin(), BTreeSet::new(), Vec::new());
    let mut all_agents = BTreeSet::new();
    for (set, text) in SETS {
        let mut counts = BTreeMap::<&str, (usize, usize)>::new();
        let mut other_browser = BTreeSet::new();
        for row in table(text) {
            let [field, theirs, user_agent] = row[..] else {
                panic!("{row:?}")
            };
            all_agents.insert(user_agent);
            // The version of another browser says nothing.
            if field == "browser_major" && other_browser.contains(user_agent) {
                continue;
            }
            let ours = ours(&agents.read(user_agent, &ClientHints::default()), field);
            let difference = (field.to_owned(), theirs.to_owned(), ours.clone());
            let agrees = ours.eq_ignore_ascii_case(theirs) || names.contains(&difference);
            let count = counts.entry(field).or_default();
            *count = (count.0 + usize::from(agrees), count.1 + 1);
            if agrees {
                continue;
            }
            if field == "browser" {
                other_browser.insert(user_agent);
            }
            if explained.contains_key(&difference) {
                used.insert(difference);
            } else {
                open.push(format!("{field}\t{theirs}\t{ours}\t{user_agent}"));
            }
        }
        println!("{set}: {}", said(&counts));
    }
    println!(
        "{} user agents, {} kinds of disagreement explained",
        all_agents.len(),
        used.len()
    );
    let unused: Vec<_> = explained.keys().filter(|key| !used.contains(*key)).collect();
    assert!(all_agents.len() >= 300);
    assert!(open.is_empty(), "not explained:\n{}", open.join("\n"));
    assert!(unused.is_empty(), "explained, but not needed: {unused:?}");
}

fn said(counts: &BTreeMap<&str, (usize, usize)>) -> String {
    let (right, all) = counts
        .values()
        .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    let fields: Vec<_> = counts
        .iter()
        .map(|(field, (right, all))| format!("{field} {right} of {all}"))
        .collect();
    format!(
        "{right} of {all} = {:.1} % ({})",
        100.0 * right as f64 / all as f64,
        fields.join(", ")
    )
}
