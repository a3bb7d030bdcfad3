//! What came of all that was sent.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::judge::{Judge, Verdict};

/// What has been counted so far.
pub(crate) struct Tally {
    start: Instant,
    /// How many values were sent.
    pub(crate) sent: u64,
    judged: u64,
    whole: u64,
    /// How many were neither whole nor mistakes, by word and reason.
    others: BTreeMap<(String, String), u64>,
    /// How many arrived as something else, or were refused without need.
    pub(crate) failures: u64,
    /// When progress was told last, in seconds.
    told: u64,
}

impl Tally {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            sent: 0,
            judged: 0,
            whole: 0,
            others: BTreeMap::new(),
            failures: 0,
            told: 0,
        }
    }

    /// Counts a case that is no mistake.
    pub(crate) fn count(&mut self, verdict: Verdict, size: usize) {
        self.judged += size as u64;
        if verdict.word == "whole" {
            self.whole += size as u64;
        } else {
            *self.others.entry((verdict.word, verdict.text)).or_default() += size as u64;
        }
    }

    /// Counts and prints a mistake.
    pub(crate) fn fail(&mut self, call: &str, what: &str) {
        self.judged += 1;
        self.failures += 1;
        // A mistake of a whole kind would fill the disk.
        if self.failures <= 200 {
            println!("MISMATCH {call}\n  {what}");
        }
    }

    /// Tells how far it is, now and then.
    pub(crate) fn progress(&mut self) {
        let seconds = self.start.elapsed().as_secs();
        if seconds >= self.told + 10 {
            self.told = seconds;
            println!("{}", self.line());
        }
    }

    fn line(&self) -> String {
        let others: u64 = self.others.values().sum();
        let rate = u128::from(self.judged) * 1000 / self.start.elapsed().as_millis().max(1);
        format!(
            "{} values, {rate} a second: {} whole, {others} refused or otherwise, {} mismatches",
            self.judged, self.whole, self.failures
        )
    }

    /// Prints all of it.
    pub(crate) fn print(&self, seed: u64, judge: &Judge) {
        println!("\n{}; seed {seed}; {}\n{}", judge.name, judge.date, self.line());
        for ((word, reason), count) in &self.others {
            println!("  {count:>8} {word}: {reason}");
        }
    }
}
