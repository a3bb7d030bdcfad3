//! Programs and modules that start Python further on: which of their options take a value, and so
//! where their program's word is.
//!
//! The tables are of each tool's own parser (named beside it). An option that is not in them may or may
//! not take the next token, so the search ends there: [`NoScript::UnknownOption`].

use super::end::{NoScript, Step, is_separator};
use crate::token::split_attached;

/// A launcher's command line: its options, and before its program a word or none.
#[derive(Debug)]
pub struct Launcher {
    /// The programs with this command line, and the modules after Python's `-m`.
    names: &'static [&'static str],
    /// The word that starts another program, as in `uv run`.
    subcommand: Option<&'static str>,
    /// Options whose value is the next token. `-` and `_` are equal; `*` stands for any ending.
    values: &'static str,
    /// Options without a value. After `-m` and `--module` the program's word is a module.
    switches: &'static str,
}

const LAUNCHERS: [Launcher; 13] = [
    // torch/distributed/run.py, 2.9; `launch` has `--use-env` too.
    Launcher {
        names: &["torchrun", "-m torch.distributed.run", "-m torch.distributed.launch"],
        subcommand: None,
        values: "--nnodes --nproc-per-node --rdzv-backend --rdzv-endpoint --rdzv-id --rdzv-conf \
                 --max-restarts --monitor-interval --start-method --event-log-handler --role \
                 --log-dir -r --redirects -t --tee --local-ranks-filter --node-rank --master-addr \
                 --master-port --local-addr --logs-specs --numa-binding --signals-to-handle \
                 --duplicate-stdout-filters --duplicate-stderr-filters",
        switches: "-m --module --standalone --no-python --run-path --use-env \
                   --virtual-local-rank",
    },
    // accelerate/commands/launch.py, 1.15
    Launcher {
        names: &["accelerate", "-m accelerate.commands.launch"],
        subcommand: Some("launch"),
        values: "--config-file --mixed-precision --num-processes --num-machines \
                 --num-cpu-threads-per-process --dynamo-backend --dynamo-mode --gpu-ids \
                 --machine-rank --main-process-ip --main-process-port -t --tee --log-dir --role \
                 --rdzv-backend --rdzv-conf --max-restarts --monitor-interval --vm --env \
                 --main-training-function --deepspeed-* --zero-stage --offload-* \
                 --gradient-accumulation-steps --gradient-clipping --zero3-* --fsdp-* \
                 --megatron-lm-* --fp8-* --aws-access-key-id --aws-secret-access-key \
                 --mpirun-hostfile --mpirun-ccl --parallelism-config-*",
        switches: "-m --module -q --quiet --cpu --multi-gpu --tpu --ipex --use-xpu \
                   --enable-cpu-affinity --dynamo-use-fullgraph --dynamo-use-dynamic \
                   --dynamo-use-regional-compilation --use-deepspeed --use-fsdp \
                   --use-parallelism-config --use-megatron-lm --use-mps-device --same-network \
                   --no-python --tpu-cluster --no-tpu-cluster --tpu-use-sudo --downcast-bf16 \
                   --fp8-use-autocast-during-eval --debug",
    },
    // deepspeed/launcher/runner.py, 0.19
    Launcher {
        names: &["deepspeed"],
        subcommand: None,
        values: "-H --hostfile -i --include -e --exclude --num-nodes --min-elastic-nodes \
                 --max-elastic-nodes --num-gpus --num-accelerators --master-port --master-addr \
                 --node-rank --launcher --launcher-args --enable-each-rank-log --autotuning \
                 --bind-core-list --ssh-port --venv-script --log-level",
        switches: "--module --no-python --no-local-rank --no-ssh --no-ssh-check --force-multi \
                   --save-pid --elastic-training --bind-cores-to-rank -q --quiet",
    },
    // `uv run --help`, 0.13, and uv's global options, which may be before `run`
    Launcher {
        names: &["uv"],
        subcommand: Some("run"),
        values: "--extra --no-extra --group --no-group --only-group --no-editable-package \
                 --env-file -w --with --with-editable --with-requirements --package \
                 --python-platform --index --default-index -i --index-url --extra-index-url -f \
                 --find-links --index-strategy --keyring-provider -P --upgrade-package \
                 --upgrade-group --resolution --prerelease --prerelease-package --fork-strategy \
                 --exclude-newer --exclude-newer-package --no-sources-package \
                 --reinstall-package --link-mode -C --config-setting --config-settings \
                 --config-settings-package --no-build-isolation-package --no-build-package \
                 --no-binary-package --cache-dir --refresh-package -p --python --color \
                 --allow-insecure-host --trusted-host --directory --project --config-file \
                 --python-preference --python-fetch --torch-backend --preview-features",
        switches: "-m --module --all-extras --dev --no-dev --only-dev --no-default-groups \
                   --all-groups --no-editable --exact --inexact --no-env-file --isolated --active \
                   --no-active --sync --no-sync --locked --frozen -s --script --gui-script \
                   --all-packages --no-project --no-index -U --upgrade --no-upgrade --pre \
                   --no-sources --reinstall --compile-bytecode --no-build-isolation --no-build \
                   --no-binary --require-build-hashes --no-require-build-hashes -n --no-cache \
                   --refresh --managed-python --no-managed-python --no-python-downloads \
                   --allow-python-downloads -q --quiet -v --verbose --system-certs --native-tls \
                   --offline --no-offline --no-progress --no-config --show-resolution --preview \
                   --no-preview",
    },
    // `poetry run --help`, 2.1
    Launcher {
        names: &["poetry"],
        subcommand: Some("run"),
        values: "-P --project -C --directory",
        switches: "-q --quiet -v --verbose --ansi --no-ansi -n --no-interaction --no-plugins \
                   --no-cache",
    },
    // `conda run --help`, 25
    Launcher {
        names: &["conda"],
        subcommand: Some("run"),
        values: "-n --name -p --prefix --cwd",
        switches: "-v --verbose --dev --debug-wrapper-scripts --no-capture-output --live-stream \
                   --no-plugins",
    },
    // GNU coreutils 9.4. `-S`, which splits a string into words, is not among them.
    Launcher {
        names: &["env"],
        subcommand: None,
        values: "-u --unset -C --chdir -a --argv0",
        switches: "- -i --ignore-environment -0 --null -v --debug --block-signal --default-signal \
                   --ignore-signal --list-signal-handling",
    },
    // GNU coreutils 9.4; `-5` is `-n 5`.
    Launcher {
        names: &["nice"],
        subcommand: None,
        values: "-n --adjustment",
        switches: "-0 -1 -2 -3 -4 -5 -6 -7 -8 -9",
    },
    // tini 0.19
    Launcher { names: &["tini"], subcommand: None, values: "-p -e", switches: "-s -v -w -g" },
    // dumb-init 1.2
    Launcher {
        names: &["dumb-init"],
        subcommand: None,
        values: "-r --rewrite",
        switches: "-c --single-child -v --verbose",
    },
    // `coverage run --help`, 7.10
    Launcher {
        names: &["-m coverage"],
        subcommand: Some("run"),
        values: "--concurrency --context --data-file --include --omit --save-signal --source --debug \
                 --rcfile",
        switches: "-m --module -a --append --branch -L --pylib -p --parallel-mode --timid",
    },
    // Lib/pdb.py and Lib/cProfile.py, CPython 3.14
    Launcher {
        names: &["-m pdb", "-m cProfile"],
        subcommand: None,
        values: "-c --command -o --outfile -s --sort",
        switches: "-m",
    },
    // debugpy/server/cli.py, 1.8
    Launcher {
        names: &["-m debugpy"],
        subcommand: None,
        values: "--listen --connect --log-to --configure-* --adapter-access-token \
                 --parent-session-pid",
        switches: "-m --wait-for-client --log-to-stderr --disable-sys-remote-exec",
    },
];

/// What a token is to a launcher.
enum Token {
    Word,
    /// An option that is complete.
    Option,
    /// An option whose value is the next token.
    OptionWithValue,
    /// What makes the program's word a module.
    Module,
    Unknown,
}

impl Launcher {
    /// The launcher of that name; of a module it is `-m MODULE`.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        LAUNCHERS.iter().find(|launcher| launcher.names.contains(&name))
    }

    /// Goes from `at`, after the launcher's name, to its program's word.
    pub(super) fn walk<'t>(&self, tokens: &'t [String], mut at: usize) -> Step<'t> {
        let mut subcommand = self.subcommand;
        let mut is_module = false;
        while let Some(token) = tokens.get(at) {
            if token == "--" {
                if is_separator(tokens, at) {
                    return Step::no_script(at);
                }
                at += 1;
                break;
            }
            match self.token(token) {
                Token::Word if subcommand == Some(token) => subcommand = None,
                Token::Word if self.names == ["env"] && is_assignment(token) => {}
                Token::Word => break,
                Token::Option => {}
                Token::OptionWithValue => at += 1,
                Token::Module => is_module = true,
                Token::Unknown => return Step::Found(Err(NoScript::UnknownOption(at))),
            }
            at += 1;
        }
        match tokens.get(at) {
            Some(module) if is_module => Step::Module(module, at),
            _ => Step::Program(at),
        }
    }

    fn token(&self, token: &str) -> Token {
        if token.starts_with("--") {
            return match split_attached(token) {
                (_, Some(_)) => Token::Option,
                (name, None) => self.option(&name.replace('_', "-")),
            };
        }
        if !token.starts_with('-') || token == "-" {
            let listed = self.switches.split(' ').any(|switch| switch == token);
            return if listed { Token::Option } else { Token::Word };
        }
        // A cluster of short options, the last perhaps with its value.
        for (index, c) in token.char_indices().skip(1) {
            let is_last = index + c.len_utf8() == token.len();
            match self.option(&format!("-{c}")) {
                Token::OptionWithValue if !is_last => return Token::Option,
                Token::Option if !is_last => {}
                option => return option,
            }
        }
        Token::Unknown
    }

    /// What the option of that name is.
    fn option(&self, name: &str) -> Token {
        let names = |list: &str| {
            list.split_whitespace().any(|listed| match listed.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == listed,
            })
        };
        // All of them have these, and end by them.
        if matches!(name, "--help" | "-h" | "--version") {
            Token::Option
        } else if !names(self.switches) {
            if names(self.values) { Token::OptionWithValue } else { Token::Unknown }
        } else if matches!(name, "-m" | "--module") {
            Token::Module
        } else {
            Token::Option
        }
    }
}

/// `NAME=VALUE`, as `env` takes it.
fn is_assignment(token: &str) -> bool {
    token.split_once('=').is_some_and(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_or_name_is_listed_once() {
        let mut names: Vec<&str> = Vec::new();
        for launcher in &LAUNCHERS {
            names.extend(launcher.names);
            let lists = [launcher.values, launcher.switches];
            let mut options: Vec<&str> =
                lists.iter().flat_map(|list| list.split_whitespace()).collect();
            options.sort_unstable();
            let twice = options.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(twice, None, "{:?}", launcher.names);
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
