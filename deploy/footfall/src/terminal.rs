//! What people see: lines on stdout, progress on stderr, colour only on a terminal that wants it.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Prints one line on stdout. A closed pipe (`| head`) is nobody's error.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes text as it is to stdout.
///
/// # Errors
/// When stdout is closed: the caller stops producing.
pub fn write(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Prints one line on stderr.
pub fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// How this program was called, for commands to copy: `footfall`, or its path where it was called by one (`cargo run`).
#[must_use]
pub fn program() -> String {
    std::env::args()
        .next()
        .filter(|name| name.contains('/'))
        .unwrap_or_else(|| "footfall".to_owned())
}

/// Whether stdout is a terminal that wants colour (<https://no-color.org>).
#[must_use]
pub fn has_colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A colour of the sixteen that every terminal has.
#[derive(Debug, Clone, Copy)]
pub enum Colour {
    /// Labels, less important.
    Dim,
    /// Headings and names.
    Bold,
    /// All is well.
    Green,
    /// Look here.
    Yellow,
    /// Wrong.
    Red,
    /// Things to copy: addresses and commands.
    Cyan,
}

/// `text` in `colour` where stdout shows colours.
#[must_use]
pub fn paint(colour: Colour, text: impl Display) -> String {
    if !has_colour() {
        return text.to_string();
    }
    let code = match colour {
        Colour::Dim => 2,
        Colour::Bold => 1,
        Colour::Green => 32,
        Colour::Yellow => 33,
        Colour::Red => 31,
        Colour::Cyan => 36,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// How often a progress line is drawn anew on a terminal.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// How often a line is added where stderr is a file or a pipe.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// One line of progress on stderr: redrawn in place on a terminal, a line now and then elsewhere. A task that ends
/// within its first second shows nothing but its end.
#[derive(Debug)]
pub struct Progress {
    label: String,
    start: Instant,
    drawn: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// Begins; nothing is shown yet.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            start: Instant::now(),
            drawn: None,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Says where the task is: `done` of `total` bytes (0: unknown).
    pub fn bytes(&mut self, done: u64, total: u64) {
        let rate = per_second(done, self.start.elapsed());
        if total == 0 {
            self.show(&format!("{}, {}/s", bytes(done), bytes(rate)));
        } else {
            let text = format!(
                "{} {} of {}, {}/s",
                bar(done, total, 24),
                bytes(done),
                bytes(total),
                bytes(rate)
            );
            self.show(&text);
        }
    }

    /// Says where a step of the task is, of a known size.
    pub fn part(&mut self, step: &str, done: u64, total: u64) {
        self.show(&format!(
            "{step} {} {} of {}",
            bar(done, total, 24),
            bytes(done),
            bytes(total)
        ));
    }

    /// Says where the task is, in words; drawn only as often as it can be read.
    pub fn show(&mut self, state: &str) {
        let every = if self.is_terminal { DRAW_EVERY } else { LINE_EVERY };
        let since = self.drawn.unwrap_or(self.start).elapsed();
        if since < every || self.start.elapsed() < Duration::from_secs(1) {
            return;
        }
        self.drawn = Some(Instant::now());
        let mut err = std::io::stderr().lock();
        if self.is_terminal {
            let _ = write!(err, "\r\x1b[K{}: {state}", self.label);
            let _ = err.flush();
        } else {
            let _ = writeln!(err, "{}: {state}", self.label);
        }
    }

    /// Shows a state for as long as `work` takes.
    pub async fn beside<T>(&mut self, state: &str, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut every = tokio::time::interval(DRAW_EVERY);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = every.tick() => self.show(state),
            }
        }
    }

    /// Ends the line. Nothing is printed when nothing was shown.
    pub fn finish(self, result: &str) {
        let Some(_) = self.drawn else { return };
        let clear = if self.is_terminal { "\r\x1b[K" } else { "" };
        note(format_args!(
            "{clear}{}: {result} ({})",
            self.label,
            seconds(self.start.elapsed())
        ));
    }
}

fn per_second(count: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1000) / millis
}

/// `[=====>    ]`
fn bar(done: u64, total: u64, width: usize) -> String {
    let part = u128::from(done.min(total)) * width as u128 / u128::from(total.max(1));
    let full = usize::try_from(part).unwrap_or(width);
    format!("[{}{}]", "=".repeat(full), " ".repeat(width - full))
}

/// `178.2 MB`, as package sizes are given.
#[must_use]
pub fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let number = count as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.2} GB", number / 1e9),
    }
}

/// `820 ms`, `3.2 s`, `4 min 10 s`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}

/// `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text of a stranger made harmless for a terminal: control characters become `\u{…}` escapes.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            if c.is_control() {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::{bar, bytes, count, harmless, seconds};
    use std::time::Duration;

    #[test]
    fn figures_are_short_enough_to_read() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(178_234_567), "178.2 MB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(seconds(Duration::from_millis(820)), "820 ms");
        assert_eq!(seconds(Duration::from_secs(250)), "4 min 10 s");
        assert_eq!(bar(1, 2, 4), "[==  ]");
        assert_eq!(bar(9, 2, 4), "[====]");
    }

    #[test]
    fn a_strangers_text_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\x1b[2Jb"), "a\\u{1b}[2Jb");
    }
}
