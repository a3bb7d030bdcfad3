//! Ray jobs: the entry point is a shell's line, in the cluster's environment.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::both_streams;
use crate::support::shims_in_path::Site;
use crate::{assert_received, program, site};

/// A cluster of one node, which takes jobs at an address. It ends with its place.
struct Cluster {
    node: std::process::Child,
    address: String,
}

impl Cluster {
    fn start(site: &Site) -> Self {
        // Nobody else has them at the moment.
        let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, dashboard) = (port().to_string(), port().to_string());
        let mut start = program(site, "ray", "ray");
        start.args([
            "start",
            "--head",
            "--block",
            "--num-cpus",
            "1",
            "--include-dashboard",
            "true",
        ]);
        start.args(["--port", &port, "--dashboard-port", &dashboard, "--disable-usage-stats"]);
        start.args(["--object-store-memory", "80000000", "--temp-dir"]).arg(site.path("ray"));
        start.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let cluster =
            Self { node: start.spawn().unwrap(), address: format!("http://127.0.0.1:{dashboard}") };
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let mut list = program(site, "ray", "ray");
            let output =
                list.args(["job", "list", "--address", &cluster.address]).output().unwrap();
            if output.status.success() {
                return cluster;
            }
            assert!(Instant::now() < deadline, "no cluster: {}", both_streams(&output));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Not SIGKILL: it takes its own processes with it.
        let node = libc::pid_t::try_from(self.node.id()).unwrap();
        // SAFETY: a signal to a child that is not waited for yet.
        unsafe { libc::kill(node, libc::SIGTERM) };
        let _ = self.node.wait();
    }
}

#[test]
#[ignore = "half a minute, and 400 MB to install"]
fn a_job_starts_the_script() {
    let site = site(&["lr", "name", "run_id", "tags"], &[]);
    let cluster = Cluster::start(&site);
    let mut submit = program(&site, "ray", "ray");
    submit.args(["job", "submit", "--address", &cluster.address, "--", "python", "train.py"]);
    submit.args(["--lr", "1e-05", "--name", "a, b='c' ${HOME}", "--tags", "[\"a\", \"b, c\"]"]);
    let output = submit.args(["--run_id", "2024_11_23"]).output().unwrap();
    let expected = [
        ("lr", "float:1e-05"),
        ("name", "\"a, b='c' ${HOME}\""),
        ("run_id", "\"2024_11_23\""),
        ("tags", "[\"a\", \"b, c\"]"),
    ];
    assert_received(&output, 1, &expected);
}
