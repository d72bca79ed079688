//! `footfall up` behind the real nginx and the real Caddy, with the files that `deploy/proxy` has for them, and by its own HTTPS:
//! HTTP/2, the client's own address, cookies that are secure, one HSTS header.

use crate::harness::{Up, eventually, free_address};
use footfall_tls::Authority;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const NAME: &str = "events.shop.example";
const SITES: &str = "[[site]]\nkey = \"shop\"\norigins = [\"https://shop.example\"]\nip = \"full\"\n";

/// A proxy; killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Stage {
    folder: tempfile::TempDir,
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    up: Up,
}

impl Stage {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ours = Authority::new("ours").unwrap();
        let ca = ours.write(folder.path(), "ca.pem").unwrap();
        let (certificate, key) = ours.sign(NAME).unwrap().write(folder.path(), "edge").unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("sites.toml"), SITES).unwrap();
        let settings = format!(
            "[ingest]\ntrusted_proxies = [\"127.0.0.1\"]\ntls_listen = \"127.0.0.1:0\"\ntls_certificate = \"{}\"\ntls_key = \"{}\"\n",
            certificate.display(),
            key.display()
        );
        std::fs::write(data.join("footfall.toml"), settings).unwrap();
        let up = Up::start(&data);
        Self {
            folder,
            ca,
            certificate,
            key,
            up,
        }
    }

    /// The file of `deploy/proxy` with what differs here; each must stand in it.
    fn file(&self, name: &str, port: u16, more: &[(&str, &str)]) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proxy").join(name);
        let mut text = std::fs::read_to_string(path).unwrap();
        let upstream = self.up.run.public.strip_prefix("http://").unwrap().to_owned();
        let port = port.to_string();
        let own = more.iter().map(|(from, to)| (*from, to.replace("PORT", &port)));
        for (from, to) in own.chain([("127.0.0.1:8000", upstream)]) {
            assert!(text.contains(from), "{from} in\n{text}");
            text = text.replace(from, &to);
        }
        text
    }

    fn nginx(&self, port: u16) -> Running {
        let folder = self.folder.path().display().to_string();
        let site = self.file(
            "nginx.conf",
            port,
            &[
                ("listen 443", "listen 127.0.0.1:PORT"),
                (
                    "/etc/letsencrypt/live/events.shop.example/fullchain.pem",
                    &self.certificate.display().to_string(),
                ),
                (
                    "/etc/letsencrypt/live/events.shop.example/privkey.pem",
                    &self.key.display().to_string(),
                ),
            ],
        );
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {folder}/nginx-{of};\n"))
            .concat();
        let main = format!("pid {folder}/nginx.pid;\nevents {{}}\nhttp {{\n{temp}{site}}}\n");
        let path = self.folder.path().join("nginx.conf");
        std::fs::write(&path, main).unwrap();
        let mut command = Command::new("nginx");
        command.args(["-g", "daemon off; master_process off;", "-e", "stderr", "-c"]);
        self.start(command.arg(path), port)
    }

    fn caddy(&self, port: u16) -> Running {
        let tls = format!(
            "https://{NAME}:PORT {{\n\tbind 127.0.0.1\n\ttls {} {}",
            self.certificate.display(),
            self.key.display()
        );
        let site = self.file("Caddyfile", port, &[("events.shop.example {", &tls)]);
        let path = self.folder.path().join("Caddyfile");
        std::fs::write(
            &path,
            format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}"),
        )
        .unwrap();
        let mut command = Command::new("caddy");
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(path);
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env(name, self.folder.path());
        }
        self.start(&mut command, port)
    }

    fn start(&self, command: &mut Command, port: u16) -> Running {
        let path = self.folder.path().join("proxy.log");
        let log = std::fs::File::create(&path).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let mut running = Running(
            command
                .spawn()
                .unwrap_or_else(|error| panic!("{error}; on Debian: apt-get install nginx-light caddy")),
        );
        eventually("the proxy listens", || {
            if let Some(status) = running.0.try_wait().unwrap() {
                panic!(
                    "the proxy ended: {status}\n{}",
                    std::fs::read_to_string(&path).unwrap()
                );
            }
            std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        running
    }

    /// What curl says: the answer's head and body, then the protocol's version. From an address that no proxy has.
    fn curl(&self, port: u16, path: &str, more: &[&str]) -> String {
        let url = format!("https://{NAME}:{port}{path}");
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--include",
                "--interface",
                "127.0.0.2",
            ])
            .args(["--write-out", "\nHTTP version %{http_version}"])
            .args(["--resolve", &format!("{NAME}:{port}:127.0.0.1"), "--cacert"])
            .arg(&self.ca)
            .args(more)
            .arg(url)
            .output()
            .unwrap_or_else(|error| panic!("{error}; on Debian: apt-get install curl"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }
}

fn header<'a>(said: &'a str, name: &str) -> Vec<&'a str> {
    let lines = said.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(of, _)| of.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

#[test]
fn an_event_through_nginx_caddy_and_own_https_is_the_same() {
    let stage = Stage::open();
    let own = stage
        .up
        .run
        .https
        .as_ref()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let (nginx, caddy) = (free_address().port(), free_address().port());
    let _running = [stage.nginx(nginx), stage.caddy(caddy)];
    for (way, port, source) in [
        ("nginx", nginx, "xff"),
        ("caddy", caddy, "xff"),
        ("own", own, "peer"),
    ] {
        let body = |page: &str| {
            format!(r#"{{"site":"shop","type":"page_view","url":"https://shop.example/{way}/{page}"}}"#)
        };
        // What a client says of its address is its own invention.
        let lies = [
            "-H",
            "X-Forwarded-For: 203.0.113.9",
            "-H",
            "Forwarded: for=203.0.113.10",
            "-H",
            "Origin: https://shop.example",
        ];
        let first = body("first");
        let said = stage.curl(port, "/v1/events", &[&lies[..], &["--json", &first]].concat());
        assert!(
            said.contains(r#"{"accepted":1"#) && said.contains("HTTP version 2"),
            "{way}: {said}"
        );
        let cookies = header(&said, "set-cookie");
        assert!(
            cookies.len() == 1 && cookies[0].contains("; Secure"),
            "{way}: {said}"
        );
        assert_eq!(
            header(&said, "strict-transport-security"),
            ["max-age=31536000"],
            "{way}"
        );
        assert_eq!(header(&said, "x-content-type-options"), ["nosniff"], "{way}");
        assert_eq!(
            header(&said, "access-control-allow-origin"),
            ["https://shop.example"],
            "{way}"
        );
        // Again with the cookie, by HTTP/1.1: the same visitor.
        let cookie = format!("Cookie: {}", cookies[0].split(';').next().unwrap());
        let again = body("again");
        let said = stage.curl(
            port,
            "/v1/events",
            &[&lies[..], &["--http1.1", "-H", &cookie, "--json", &again]].concat(),
        );
        assert!(
            said.contains(r#"{"accepted":1"#) && said.contains("HTTP version 1.1"),
            "{way}: {said}"
        );
        let script = stage.curl(port, "/beacon.js", &[]);
        assert!(
            script.contains("javascript") && script.contains("cross-origin"),
            "{way}: {script}"
        );
        stage.up.says(
            &format!("SELECT count(), uniq(visitor_id), uniq(session_id), any(toString(ip)), any(ip_source) FROM events WHERE path LIKE '/{way}/%' HAVING count() = 2"),
            &format!("2\t1\t1\t::ffff:127.0.0.2\t{source}"),
        );
    }
    // A body of the edge's own limits passes, and what is larger is refused by the edge, which says why.
    let large = stage.folder.path().join("large");
    std::fs::write(&large, "x".repeat(3 << 20)).unwrap();
    for port in [nginx, caddy, own] {
        let said = stage.curl(
            port,
            "/v1/events",
            &[
                "-H",
                "Expect:",
                "-H",
                "Content-Type: text/plain",
                "--data-binary",
                &format!("@{}", large.display()),
            ],
        );
        assert!(said.contains("413") && said.contains("body_too_large"), "{said}");
    }
    let said = crate::harness::text(&stage.up.cli(&["check"]));
    assert!(
        said.contains(&format!("HTTPS: the certificate is for {NAME}, until ")),
        "{said}"
    );
}
