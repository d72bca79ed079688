//! What each stage of a request costs, timed alone on the same event; HTTP itself is the bare handler's figure, and what
//! is left are the head, identity, stamp, answer and the waits' wake-ups.

use crate::bodies;
use footfall_log::{Entry, Log};
use footfall_schemas::Event;
use footfall_schemas::beacon::Single;
use std::hint::black_box;
use std::time::Instant;

const TURNS: u32 = 100_000;

/// Prints the share of each stage of `ours`, in CPU-µs.
pub(crate) fn report(ours: f64, bare: f64) {
    let body = bodies::single(7);
    let decode = time(|| drop(black_box(Single::parse(&body).unwrap())));
    let payload = stored(&body);
    let event: Event<'_> = serde_json::from_slice(&payload).unwrap();
    let encode = time(|| {
        let mut out = Vec::with_capacity(1112);
        event.write_json(&mut out);
        drop(black_box(out));
    });
    let append = append(&payload);
    let rest = ours - bare - decode - encode - append;
    let share = |stage: &str, micros: f64| {
        println!("  {stage:<42} {micros:>6.2} µs {:>5.1} %", 100.0 * micros / ours);
    };
    println!("stages of a single event, 64 connections:");
    share("HTTP (the bare handler)", bare);
    share("decode: one pass over the body", decode);
    share("encode: the event as JSON", encode);
    share("append: frame, write, fdatasync, 64 callers", append);
    share("head, identity, stamp, answer, wake-ups", rest);
}

fn time(mut turn: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..TURNS).for_each(|_| turn());
    start.elapsed().as_secs_f64() * 1e6 / f64::from(TURNS)
}

/// The event as it stands in the log: through the same types, with the edge's fields filled.
fn stored(body: &[u8]) -> Vec<u8> {
    let mut event: serde_json::Value = serde_json::from_slice(body).unwrap();
    let fields = event.as_object_mut().unwrap();
    for (name, value) in [
        ("v", serde_json::json!(1)),
        ("visitor", fields["page_id"].clone()),
        ("session", fields["page_id"].clone()),
        ("session_start", 1_795_273_446_100_i64.into()),
        ("time", 1_795_273_445_100_i64.into()),
        ("received_at", 1_795_273_446_100_i64.into()),
        ("ip", "203.0.113.0".into()),
        ("origin", "https://shop.example".into()),
        ("user_agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36".into()),
        ("accept_language", "de-DE,de;q=0.9,en;q=0.8".into()),
    ] {
        fields.insert(name.to_owned(), value);
    }
    serde_json::to_vec(&event).unwrap()
}

/// CPU-µs of one append with 64 callers in this process, all threads.
fn append(payload: &[u8]) -> f64 {
    const CALLERS: u32 = 64;
    const EACH: u32 = 1000;
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = footfall_log::Config {
        folder: folder.path().to_owned(),
        ..footfall_log::Config::default()
    };
    let (log, _) = Log::open(config).unwrap();
    let before = cpu();
    runtime.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..CALLERS {
            let (log, payload) = (log.clone(), payload.to_vec());
            callers.spawn(async move {
                for _ in 0..EACH {
                    let entry = Entry {
                        kind: 1,
                        time_ms: 1,
                        key: [7; 16],
                        payload: payload.clone(),
                    };
                    log.append([entry]).await.unwrap();
                }
            });
        }
        callers.join_all().await;
    });
    let spent = cpu() - before;
    runtime.block_on(log.close());
    spent * 1e6 / f64::from(CALLERS * EACH)
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    // SAFETY: the struct is plain numbers, and lives through the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds and microseconds")]
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
