//! What a page's HTML says about the beacon, by a tokenizer of the WHATWG standard: script tags, policies, and traces of
//! other ways to load it. Nothing is run, as in a browser without JavaScript.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};
use url::Url;

/// A script tag that is, or looks like, the beacon's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) src: Option<String>,
    pub(super) site: Option<String>,
    pub(super) host: Option<String>,
    pub(super) domains: Option<String>,
    pub(super) kind: String,
    pub(super) nonce: Option<String>,
    pub(super) integrity: Option<String>,
    /// `defer` or `async`: the page does not wait for it.
    pub(super) waits_for_nothing: bool,
    /// The element around it whose content no browser with JavaScript runs: `noscript` or `template`.
    pub(super) inside: Option<&'static str>,
}

/// Everything that is looked for.
#[derive(Debug, Default)]
pub(super) struct Markup {
    pub(super) tags: Vec<Tag>,
    /// Policies of `<meta http-equiv="Content-Security-Policy">`.
    pub(super) policies: Vec<String>,
    /// `<base href>`, by which relative addresses go.
    pub(super) base: Option<String>,
    /// A comment has a tag like ours in it.
    pub(super) is_commented_out: bool,
    /// A script of the page names `footfall`, so the page may load it itself.
    pub(super) names_footfall: bool,
    /// Tag managers that may add it when they run.
    pub(super) managers: Vec<&'static str>,
}

/// Hosts of tag managers, and what people call them.
const MANAGERS: [(&str, &str); 5] = [
    ("googletagmanager.com/gtm.js", "Google Tag Manager"),
    ("googletagmanager.com/ns.html", "Google Tag Manager"),
    ("assets.adobedtm.com", "Adobe Tags"),
    ("tags.tiqcdn.com", "Tealium"),
    ("matomo.cloud/container", "Matomo Tag Manager"),
];

/// Reads a page. `path` is where ingest has the script, if it has been renamed.
pub(super) fn read(html: &str, path: &str) -> Markup {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let (mut markup, mut inside, mut in_script) = (Markup::default(), Vec::new(), false);
    let Ok(tokens) = Tokenizer::new_with_emitter(html, emitter).collect::<Result<Vec<_>, _>>();
    for token in tokens {
        match token {
            Token::StartTag(tag) => {
                in_script = tag.name.as_slice() == b"script";
                inside.extend(hidden(&tag.name).filter(|_| !tag.self_closing));
                markup.start(&tag, path, inside.last().copied());
            }
            Token::EndTag(tag) => {
                in_script = false;
                let opened = inside.iter().rposition(|name| Some(*name) == hidden(&tag.name));
                opened.map(|at| inside.remove(at));
            }
            Token::String(text) if in_script => markup.script_text(&lossy(&text)),
            // Without JavaScript the tokenizer may take its content for text.
            Token::String(text) if inside.last() == Some(&"noscript") && looks_like_ours(&lossy(&text)) => {
                markup.tags.push(Tag {
                    inside: Some("noscript"),
                    ..Tag::default()
                });
            }
            Token::Comment(text) => markup.is_commented_out |= looks_like_ours(&lossy(&text)),
            Token::String(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    markup
}

fn hidden(name: &HtmlString) -> Option<&'static str> {
    ["noscript", "template"]
        .into_iter()
        .find(|hidden| name.as_slice() == hidden.as_bytes())
}

fn looks_like_ours(text: &str) -> bool {
    text.contains("<script") && text.contains("data-site") && text.contains("beacon")
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| lossy(value))
}

impl Markup {
    fn start(&mut self, tag: &StartTag<()>, path: &str, inside: Option<&'static str>) {
        match tag.name.as_slice() {
            b"script" => self.script(tag, path, inside),
            b"iframe" => self.managed(attribute(tag, "src").unwrap_or_default().as_str()),
            b"base" if self.base.is_none() => self.base = attribute(tag, "href"),
            b"meta" => {
                let is_policy = attribute(tag, "http-equiv")
                    .is_some_and(|name| name.trim().eq_ignore_ascii_case("content-security-policy"));
                self.policies
                    .extend(attribute(tag, "content").filter(|_| is_policy));
            }
            _ => {}
        }
    }

    fn script(&mut self, tag: &StartTag<()>, path: &str, inside: Option<&'static str>) {
        let (src, site) = (attribute(tag, "src"), attribute(tag, "data-site"));
        self.managed(src.as_deref().unwrap_or_default());
        let file = |src: &str| src.split(['?', '#']).next().unwrap_or_default().to_owned();
        let is_beacon = src
            .as_deref()
            .is_some_and(|src| file(src).ends_with(path) || file(src).ends_with("beacon.js"));
        // Plausible, Umami and others have `data-` attributes of other names.
        if is_beacon || (site.is_some() && src.is_some()) {
            self.tags.push(Tag {
                host: attribute(tag, "data-host"),
                domains: attribute(tag, "data-domains"),
                kind: attribute(tag, "type").unwrap_or_default(),
                nonce: attribute(tag, "nonce"),
                integrity: attribute(tag, "integrity"),
                waits_for_nothing: ["defer", "async"]
                    .iter()
                    .any(|name| attribute(tag, name).is_some()),
                src,
                site,
                inside,
            });
        }
    }

    fn script_text(&mut self, text: &str) {
        self.names_footfall |= text.contains("footfall");
        self.managed(text);
    }

    fn managed(&mut self, text: &str) {
        for (mark, name) in MANAGERS {
            if text.contains(mark) && !self.managers.contains(&name) {
                self.managers.push(name);
            }
        }
    }

    /// By what the page's relative addresses go.
    pub(super) fn base(&self, page: &Url) -> Url {
        let base = self.base.as_deref().and_then(|href| page.join(href).ok());
        base.unwrap_or_else(|| page.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Markup, read};

    fn markup(html: &str) -> Markup {
        read(html, "/beacon.js")
    }

    #[test]
    fn a_tag_is_found_however_it_is_written() {
        let ways = [
            r#"<script defer src="https://c.example/beacon.js" data-site="shop"></script>"#,
            "<SCRIPT ASYNC\n SRC='https://c.example/beacon.js'\n DATA-SITE=shop />",
            r#"<div><script data-site=shop defer src=https://c.example/beacon.js?v=2></script>"#,
            r#"<script>if (a < b && "</div>") {}</script><script defer src="/x/renamed.js" data-site="shop"></script>"#,
        ];
        for html in ways {
            let found = markup(html);
            assert_eq!(found.tags.len(), 1, "{html}");
            assert_eq!(found.tags[0].site.as_deref(), Some("shop"), "{html}");
            assert!(found.tags[0].waits_for_nothing && found.tags[0].inside.is_none());
        }
    }

    #[test]
    fn what_only_looks_like_a_tag_is_none() {
        let others = [
            r#"<script>var s = '<script src="https://c.example/beacon.js" data-site="shop">'</script>"#,
            r#"<textarea><script src="https://c.example/beacon.js" data-site="shop"></script></textarea>"#,
            r#"<p title='<script src="https://c.example/beacon.js" data-site="shop">'>"#,
            r#"<script src="https://plausible.example/js/script.js" data-domain="shop.example"></script>"#,
            r#"<div data-site="shop"></div>"#,
        ];
        for html in others {
            assert_eq!(markup(html).tags, [], "{html}");
        }
        let commented =
            markup(r#"<!-- <script defer src="https://c.example/beacon.js" data-site="shop"></script> -->"#);
        assert!(commented.tags.is_empty() && commented.is_commented_out);
    }

    #[test]
    fn what_is_around_it_counts() {
        for hidden in ["noscript", "template"] {
            let html = format!(
                "<{hidden}><script src=\"https://c.example/beacon.js\" data-site=shop></script></{hidden}>"
            );
            assert_eq!(markup(&html).tags[0].inside, Some(hidden), "{html}");
        }
        let after = "<noscript><img src=x></noscript><script src=/beacon.js data-site=shop></script>";
        assert_eq!(markup(after).tags[0].inside, None);
        let page = markup(
            r#"<base href="/sub/"><meta http-equiv="content-security-policy" content="default-src 'self'">
            <script>window.footfall = 1; (function(){ j.src='https://www.googletagmanager.com/gtm.js?id='})()</script>"#,
        );
        assert_eq!(page.policies, ["default-src 'self'"]);
        assert!(page.names_footfall);
        assert_eq!(page.managers, ["Google Tag Manager"]);
        let base = page.base(&"https://shop.example/a/b".parse().unwrap());
        assert_eq!(base.as_str(), "https://shop.example/sub/");
    }
}
