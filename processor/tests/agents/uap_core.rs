//! uap-core's own tests, read by our copy of its rules, before and after what browsers froze is taken out.

use crate::sets::{cases, judge};
use footfall_processor::enrich::agent::Agents;
use footfall_processor::enrich::agent::uap::{BUILTIN, Uap};
use footfall_schemas::event::ClientHints;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The least that must be right, per mille.
const LEAST: usize = 995;

#[derive(Deserialize)]
struct Versioned {
    user_agent_string: String,
    family: String,
    major: Option<String>,
    minor: Option<String>,
    patch: Option<String>,
    patch_minor: Option<String>,
}

#[derive(Deserialize)]
struct Device {
    user_agent_string: String,
    family: String,
    brand: Option<String>,
    model: Option<String>,
}

impl Versioned {
    /// Name and dotted version; unknown is empty.
    fn expected(&self) -> (String, String) {
        let parts = [&self.major, &self.minor, &self.patch, &self.patch_minor];
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
        (
            named(&self.family),
            parts.map(String::as_str).collect::<Vec<_>>().join("."),
        )
    }
}

fn named(family: &str) -> String {
    if family == "Other" {
        String::new()
    } else {
        family.to_owned()
    }
}

fn rules() -> Uap {
    Uap::from_json(BUILTIN).unwrap()
}

#[test]
fn browsers_are_those_that_uap_core_expects() {
    let rules = rules();
    for file in [
        "tests/test_ua.yaml",
        "test_resources/firefox_user_agent_strings.yaml",
        "test_resources/opera_mini_user_agent_strings.yaml",
        "test_resources/podcasting_user_agent_strings.yaml",
        "test_resources/pgts_browser_list.yaml",
    ] {
        let cases = cases::<Versioned>(file);
        let wrong = cases.iter().filter_map(|case| {
            let said = rules.read(&case.user_agent_string);
            let (got, expected) = ((said.browser, said.browser_version), case.expected());
            (got != expected).then(|| format!("{expected:?}, not {got:?}: {}", case.user_agent_string))
        });
        judge(file, cases.len(), &wrong.collect::<Vec<_>>(), LEAST);
    }
}

#[test]
fn systems_are_those_that_uap_core_expects() {
    let rules = rules();
    for file in ["tests/test_os.yaml", "test_resources/additional_os_tests.yaml"] {
        let cases = cases::<Versioned>(file);
        let wrong = cases.iter().filter_map(|case| {
            let said = rules.read(&case.user_agent_string);
            let (got, expected) = ((said.os, said.os_version), case.expected());
            (got != expected).then(|| format!("{expected:?}, not {got:?}: {}", case.user_agent_string))
        });
        judge(file, cases.len(), &wrong.collect::<Vec<_>>(), LEAST);
    }
}

#[test]
fn devices_are_those_that_uap_core_expects() {
    let rules = rules();
    let cases = cases::<Device>("tests/test_device.yaml");
    let wrong = cases.iter().filter_map(|case| {
        let said = rules.read(&case.user_agent_string);
        // Words in place of a maker and a model are empty with us: `Generic`, `Smartphone`.
        let brand = case.brand.as_deref().unwrap_or_default();
        let worded = brand == "Generic" || brand == "Spider";
        let maker = if worded || brand.starts_with("Generic_") {
            ""
        } else {
            brand
        };
        let model = case.model.as_deref().filter(|_| !worded).unwrap_or_default();
        let expected = (named(&case.family), maker.to_owned(), model.to_owned());
        let got = (said.device, said.brand, said.model);
        (got != expected).then(|| format!("{expected:?}, not {got:?}: {}", case.user_agent_string))
    });
    judge(
        "tests/test_device.yaml",
        cases.len(),
        &wrong.collect::<Vec<_>>(),
        LEAST,
    );
}

/// What becomes of them in the table: where it differs from uap-core, it is empty or shorter, and never another name.
#[test]
fn what_browsers_froze_is_left_out_and_nothing_else() {
    let agents = Agents::builtin();
    let hints = ClientHints::default();
    let mut changed = BTreeMap::<String, usize>::new();
    let cases = cases::<Versioned>("tests/test_ua.yaml");
    for case in &cases {
        let (browser, version) = case.expected();
        let agent = agents.read_anew(&case.user_agent_string, &hints);
        if case.user_agent_string.len() <= 512
            && agent.browser.as_ref() == browser
            && agent.browser_version.as_ref() != version
        {
            assert!(
                version.starts_with(agent.browser_version.as_ref()),
                "{version}, not {}: {}",
                agent.browser_version,
                case.user_agent_string
            );
            *changed.entry(browser).or_default() += 1;
        }
    }
    println!("shortened versions of {}: {changed:?}", cases.len());
}
