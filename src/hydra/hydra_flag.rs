//! The flags of Hydra's own command line, which are passed on and never translated.

/// Whether one of Hydra's own flags takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagValue {
    /// A switch.
    None,
    /// The next argument.
    Required,
    /// The next argument, if it is one of these.
    Optional(&'static [&'static str]),
}

/// One of Hydra's own flags.
#[derive(Debug, PartialEq, Eq)]
pub struct HydraFlag {
    /// With its two dashes.
    pub long: &'static str,
    /// With its dash.
    pub short: Option<&'static str>,
    /// What follows it.
    pub value: FlagValue,
}

/// The flags by which an application prints the config that it composes, and runs nothing.
pub const COMPOSE: &[&str] = &["--cfg", "job"];

/// As [`COMPOSE`], interpolations as what they resolve to.
pub const COMPOSE_RESOLVED: &[&str] = &["--cfg", "job", "--resolve"];

impl HydraFlag {
    /// Whether it says where the config is.
    pub fn locates_config(&self) -> bool {
        matches!(self.long, "--config-path" | "--config-name" | "--config-dir")
    }

    /// Whether it asks for a sweep: several configs from one command line.
    pub fn sweeps(&self) -> bool {
        self.long == "--multirun"
    }
}

const fn flag(long: &'static str, short: Option<&'static str>, value: FlagValue) -> HydraFlag {
    HydraFlag { long, short, value }
}

/// `get_args_parser` in `hydra/_internal/utils.py`, hydra-core 1.3.8.
const HYDRA_FLAGS: [HydraFlag; 14] = [
    flag("--help", Some("-h"), FlagValue::None),
    flag("--hydra-help", None, FlagValue::None),
    flag("--version", None, FlagValue::None),
    flag("--cfg", Some("-c"), FlagValue::Required),
    flag("--resolve", None, FlagValue::None),
    flag("--package", Some("-p"), FlagValue::Required),
    flag("--run", Some("-r"), FlagValue::None),
    flag("--multirun", Some("-m"), FlagValue::None),
    flag("--shell-completion", Some("-sc"), FlagValue::None),
    flag("--config-path", Some("-cp"), FlagValue::Required),
    flag("--config-name", Some("-cn"), FlagValue::Required),
    flag("--config-dir", Some("-cd"), FlagValue::Required),
    flag("--experimental-rerun", None, FlagValue::Required),
    flag(
        "--info",
        Some("-i"),
        FlagValue::Optional(&[
            "all",
            "config",
            "defaults",
            "defaults-tree",
            "plugins",
            "searchpath",
        ]),
    ),
];

/// Hydra's flag of that name (with dashes, without a value), if it has one.
///
/// Only whole names count: argparse would take `--multi` for `--multirun`, but here it may as
/// well be the application's own.
pub fn hydra_flag(name: &str) -> Option<&'static HydraFlag> {
    HYDRA_FLAGS.iter().find(|flag| flag.long == name || flag.short == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<_> = HYDRA_FLAGS
            .iter()
            .flat_map(|flag| std::iter::once(flag.long).chain(flag.short))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn found_by_either_name_and_by_nothing_shorter() {
        assert_eq!(hydra_flag("-cn").map(|f| f.long), Some("--config-name"));
        assert_eq!(hydra_flag("--info").map(|f| f.long), Some("--info"));
        assert_eq!(hydra_flag("--multi"), None);
        assert_eq!(hydra_flag("multirun"), None);
        assert_eq!(hydra_flag(""), None);
    }
}
