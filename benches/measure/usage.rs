//! What a process has used, as Linux counts it.

use std::fs;

/// Kilobytes of a line such as `VmHWM:   1234 kB`.
fn kilobytes(status: &str, name: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse().ok())
}

/// The most memory a process has had so far, in MB; none where there is no `/proc`.
pub fn peak_memory(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    kilobytes(&status, "VmHWM:").map(|kb| f64::from(kb) * 1.024 / 1000.0)
}

/// The processor time that a process has used, in its own code and in the kernel's, in seconds. It is counted in
/// hundredths.
pub fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name before the last bracket may hold anything.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
    fields.map(|ticks| ticks.parse::<u32>().unwrap()).map(f64::from).sum::<f64>() / 100.0
}
