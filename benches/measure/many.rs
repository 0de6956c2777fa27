//! A workspace with many probes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::nginx::Nginx;

/// So many probes has a service; each has its own file.
const OF_A_SERVICE: usize = 100;

/// Writes a workspace whose probes look at a server once a minute. `settings` stands in `opsctl.yaml` beside them.
pub fn probes(dir: &Path, count: usize, server: &Nginx, settings: &str) {
    fs::create_dir_all(dir.join("services")).unwrap();
    fs::write(dir.join("opsctl.yaml"), format!("title: Many\ninclude: [services/*.yaml]\n{settings}")).unwrap();
    for first in (0..count).step_by(OF_A_SERVICE) {
        let service = format!("service-{:03}", first / OF_A_SERVICE);
        let mut text = format!("services:\n  {service}:\n    title: Service {service}\n    probes:\n");
        for n in first..count.min(first + OF_A_SERVICE) {
            write!(
                text,
                "      probe-{n:05}:\n        title: Probe {n}\n        http: {}\n        interval: 60s\n        timeout: 5s\n        \
                 conditions: [\"[STATUS] == 200\", \"[BODY].status == ok\", \"[RESPONSE_TIME] < 2000\"]\n",
                server.url(n)
            )
            .unwrap();
        }
        fs::write(dir.join(format!("services/{service}.yaml")), text).unwrap();
    }
}
