use super::*;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn whole(tokens: Vec<String>, default: &str) -> Result<CommandLine> {
    match split(tokens)? {
        Tokens::WithCommand(line) => Ok(line),
        Tokens::Arguments(arguments) => with_default(words(default), arguments),
    }
}

/// `python3 -u main.py | --lr 0.1`: the command before the bar, the arguments after it.
fn shown(tokens: &str) -> String {
    match whole(words(tokens), "python3 main.py") {
        Ok(line) => {
            let app = match line.app {
                App::Script(path) => format!("script {path}"),
                App::Module(name) => format!("module {name}"),
                App::Program(name) => format!("program {name}"),
                App::Unknown => "unknown".to_owned(),
            };
            let ending = match line.ending {
                Ending::Grammar | Ending::Separator => String::new(),
                doubtful => format!(" {doubtful:?}"),
            };
            format!("{} | {} ({app}){ending}", line.command.join(" "), line.arguments.join(" "))
        }
        Err(error) => format!("error: {}", error.message.split(':').next().unwrap_or("")),
    }
}

/// Tokens after `run`, and how they are split.
const SPLIT: &[(&str, &str)] = &[
    // No command.
    ("", "python3 main.py |  (script main.py)"),
    ("--", "python3 main.py |  (script main.py)"),
    ("--lr 0.1", "python3 main.py | --lr 0.1 (script main.py)"),
    ("-- --lr 0.1", "python3 main.py | --lr 0.1 (script main.py)"),
    ("lr=0.1 -m", "python3 main.py | lr=0.1 -m (script main.py)"),
    ("-- ~lr", "python3 main.py | ~lr (script main.py)"),
    // Python.
    ("python3 main.py", "python3 main.py |  (script main.py)"),
    ("-- python3 main.py --lr 1", "python3 main.py | --lr 1 (script main.py)"),
    ("/usr/bin/python3.11 -u main.py a=1", "/usr/bin/python3.11 -u main.py | a=1 (script main.py)"),
    (
        "python -uW ignore -X dev -Xutf8 train --lr 1",
        "python -uW ignore -X dev -Xutf8 train | --lr 1 (script train)",
    ),
    ("python3 -m pkg.mod --lr 1", "python3 -m pkg.mod | --lr 1 (module pkg.mod)"),
    ("python3 -ummain --lr 1", "python3 -ummain | --lr 1 (module main)"),
    ("python3 main.py -- --lr 1", "python3 main.py | --lr 1 (script main.py)"),
    ("python3 main.py --lr 1 -- x=1", "python3 main.py | --lr 1 -- x=1 (script main.py)"),
    ("python3 -- main.py --lr 1", "python3 -- main.py | --lr 1 (script main.py)"),
    ("python3 -u -- --lr 1", "python3 -u | --lr 1 (unknown)"),
    ("python3 - --lr 1", "python3 - | --lr 1 (script -)"),
    ("python3 -c pass -- --lr 1", "python3 -c pass | --lr 1 (unknown)"),
    ("python3 -c pass", "error: cannot tell where the command `python3 -c pass` ends"),
    ("python3 -c -- --lr 1", "error: cannot tell where the command `python3 -c -- …` ends"),
    ("python3", "error: cannot tell where the command `python3` ends"),
    ("python3 --lr 1", "error: cannot tell where the command `python3 …` ends"),
    ("python3 -m", "error: cannot tell where the command `python3 -m` ends"),
    ("python3 -u -W", "error: cannot tell where the command `python3 -u -W` ends"),
    (
        "python3 --check-hash-based-pycs always main.py --lr 1",
        "python3 --check-hash-based-pycs always main.py | --lr 1 (script main.py)",
    ),
    (
        "python3 -m torch.distributed.run --nproc_per_node 2 train.py --lr 1",
        "python3 -m torch.distributed.run --nproc_per_node 2 train.py | --lr 1 (script train.py)",
    ),
    (
        "python3 -m coverage run -m pkg.train --lr 1",
        "python3 -m coverage run -m pkg.train | --lr 1 (module pkg.train)",
    ),
    // Launchers.
    (
        "torchrun --nproc_per_node=2 train.py --lr 1",
        "torchrun --nproc_per_node=2 train.py | --lr 1 (script train.py)",
    ),
    ("torchrun -m pkg.train -- --lr 1", "torchrun -m pkg.train | --lr 1 (module pkg.train)"),
    ("env A=x.py python3 main.py --lr 1", "env A=x.py python3 main.py | --lr 1 (script main.py)"),
    (
        "env A=1 python3 -m cProfile -o p main.py --lr 1",
        "env A=1 python3 -m cProfile -o p main.py | --lr 1 (script main.py)",
    ),
    ("uv run -- main.py --lr 1", "uv run -- main.py | --lr 1 (script main.py)"),
    ("tini -- python3 main.py --lr 1", "tini -- python3 main.py | --lr 1 (script main.py)"),
    ("tini -- my-train -- --lr 1", "tini -- my-train | --lr 1 (unknown)"),
    ("tini -- my-train --lr 1", "error: cannot tell where the command `tini -- my-train …` ends"),
    ("conda run -n x python .py main.py", "conda run -n x python .py | main.py (script .py)"),
    ("conda run -n x.py python main.py", "conda run -n x.py python main.py |  (script main.py)"),
    // After a launcher's program word no later word is the script.
    (
        "uv run my-train --data conf.py --lr 0.1",
        "error: cannot tell where the command `uv run my-train …` ends",
    ),
    (
        "uv run my-train -- --data conf.py --lr 0.1",
        "uv run my-train | --data conf.py --lr 0.1 (unknown)",
    ),
    (
        "uv run my-train -m conf --lr 1",
        "error: cannot tell where the command `uv run my-train -m conf …` ends",
    ),
    (
        "uv --directory d.py run --extra e.py -p3.12 main.py --lr 1",
        "uv --directory d.py run --extra e.py -p3.12 main.py | --lr 1 (script main.py)",
    ),
    ("uv run -m pkg.train --lr 1", "uv run -m pkg.train | --lr 1 (module pkg.train)"),
    ("uv run --module pkg.train --lr 1", "uv run --module pkg.train | --lr 1 (module pkg.train)"),
    (
        "uv run --with x -- python3 -m torch.distributed.run --nnodes 1 train.py --lr 1",
        "uv run --with x -- python3 -m torch.distributed.run --nnodes 1 train.py | --lr 1 (script train.py)",
    ),
    ("uv pip install x.py", "error: cannot tell where the command `uv pip install x.py` ends"),
    (
        "torchrun -m --nnodes 1 --role=r.py pkg.train --lr 1",
        "torchrun -m --nnodes 1 --role=r.py pkg.train | --lr 1 (module pkg.train)",
    ),
    (
        "accelerate launch --config_file conf.py --fsdp_version 2 train.py --lr 1",
        "accelerate launch --config_file conf.py --fsdp_version 2 train.py | --lr 1 (script train.py)",
    ),
    (
        "deepspeed --num_gpus 2 -H h.py train.py --lr 1",
        "deepspeed --num_gpus 2 -H h.py train.py | --lr 1 (script train.py)",
    ),
    (
        "poetry -C d.py run python main.py a=1",
        "poetry -C d.py run python main.py | a=1 (script main.py)",
    ),
    (
        "env -i -u x.py A=1 python3 main.py",
        "env -i -u x.py A=1 python3 main.py |  (script main.py)",
    ),
    ("env - A=1 ./main.py --lr 1", "env - A=1 ./main.py | --lr 1 (script ./main.py)"),
    (
        "nice -n 5 nice -10 python3 main.py",
        "nice -n 5 nice -10 python3 main.py |  (script main.py)",
    ),
    (
        "tini -vvp SIGTERM -- python3 main.py",
        "tini -vvp SIGTERM -- python3 main.py |  (script main.py)",
    ),
    ("dumb-init -r 15:3 python3 main.py", "dumb-init -r 15:3 python3 main.py |  (script main.py)"),
    // Whether an option that is not known takes a value nobody can tell.
    ("torchrun --new conf.py train.py", "error: cannot tell where the command `torchrun` ends"),
    ("torchrun --new=conf.py train.py", "torchrun --new=conf.py train.py |  (script train.py)"),
    ("torchrun --new 3 train.py -- --lr 1", "torchrun --new 3 train.py | --lr 1 (unknown)"),
    ("env -S train.py --lr 1", "error: cannot tell where the command `env` ends"),
    // Shells.
    ("sh -c x -- --lr 1", "error: cannot tell where the command `sh` ends"),
    ("sh -c x -- -- --lr 1", "sh -c x -- | --lr 1 (unknown)"),
    ("sh -c x sh -- --lr 1", "sh -c x sh | --lr 1 (unknown)"),
    ("bash -c x sh --", "bash -c x sh |  (unknown)"),
    ("sh -c x --lr 1", "error: cannot tell where the command `sh` ends"),
    // Anything else.
    ("my-train --lr 1", "my-train | --lr 1 (program my-train)"),
    ("my-train", "my-train |  (program my-train)"),
    ("mpirun -n 4 my-train -- --lr 1", "mpirun -n 4 my-train | --lr 1 (program mpirun)"),
    // A `--` may be a value: of two in a row the first, and never one after a flag.
    (
        "mpirun -n 4 my-train --note -- --lr 1",
        "error: cannot tell where the command `mpirun -n 4 my-train …` ends",
    ),
    (
        "mpirun -n 4 my-train --note=x -- --lr 1",
        "mpirun -n 4 my-train --note=x | --lr 1 (program mpirun)",
    ),
    ("mpirun my-train -- -- --lr 1", "mpirun my-train -- | --lr 1 (program mpirun)"),
    (
        "mpirun my-train -- --x 1 -- --lr 1",
        "mpirun my-train | --x 1 -- --lr 1 (program mpirun) FirstOfSeveral",
    ),
    ("mpirun my-train -- --x -- --lr 1", "mpirun my-train | --x -- --lr 1 (program mpirun)"),
    ("mpirun -n 4 my-train", "error: cannot tell where the command `mpirun -n 4 my-train` ends"),
    ("python3 -u -- --x 1 -- --lr 1", "python3 -u | --x 1 -- --lr 1 (unknown) FirstOfSeveral"),
    ("sh -c x sh --a 1 -- --lr 1", "sh -c x sh --a 1 | --lr 1 (unknown) AfterFlags"),
    (
        "my-train --lr 1 --note -- --name Y",
        "my-train | --lr 1 --note -- --name Y (program my-train)",
    ),
    (
        "my-train --lr 1 --note=x -- --name Y",
        "my-train --lr 1 --note=x | --name Y (program my-train) AfterFlags",
    ),
    ("my-train ++x=1 --", "my-train ++x=1 |  (program my-train) AfterFlags"),
    ("uv run my-train --o=1 -r --", "uv run my-train --o=1 -r |  (unknown) AfterFlags"),
    ("uv run my-train --o=1 -- --lr 1", "uv run my-train --o=1 | --lr 1 (unknown) AfterFlags"),
    ("python3 -c code --o=1 -- --lr 1", "python3 -c code --o=1 | --lr 1 (unknown) AfterFlags"),
    ("my-train fit -- --lr 1", "my-train fit | --lr 1 (program my-train)"),
    ("my-train --lr 1 -- word", "my-train | --lr 1 -- word (program my-train)"),
    ("mpirun -- my-train -- a=1", "mpirun -- my-train | a=1 (program mpirun)"),
    ("./main.py --lr 1", "./main.py | --lr 1 (program ./main.py)"),
];

#[test]
fn a_script_that_was_forgotten_is_asked_for() {
    let help = |tokens| split(words(tokens)).err().and_then(|error| error.help).unwrap();
    assert!(help("python3 --lr 1").starts_with("name the script, as main.py; or put `--` before"));
    assert!(help("uv run my-train --lr 1").starts_with("put `--` before"));
}

#[test]
fn the_command_ends_where_it_should() {
    for (tokens, expected) in SPLIT {
        assert_eq!(shown(tokens), *expected, "{tokens:?}");
    }
}

#[test]
fn the_default_command_need_not_name_a_script() {
    for (default, expected) in [
        ("my-train", "my-train | --lr 1"),
        ("python3 -m pkg", "python3 -m pkg | --lr 1"),
        ("tini -- my-train", "tini -- my-train | --lr 1"),
        ("sh -c x", "sh -c x | --lr 1"),
        ("my-train --", "my-train | --lr 1"),
        ("my-train --fast", "my-train --fast | --lr 1"),
        ("my-train a=1 -- b=2", "my-train a=1 | b=2 --lr 1"),
        ("uv run my-train --data conf.py", "uv run my-train --data conf.py | --lr 1"),
        ("torchrun --new 3 train.py", "torchrun --new 3 train.py | --lr 1"),
        ("python3 main.py a=1", "python3 main.py | a=1 --lr 1"),
    ] {
        let line = whole(words("--lr 1"), default).unwrap();
        let shown = format!("{} | {}", line.command.join(" "), line.arguments.join(" "));
        assert_eq!(shown, expected, "{default:?}");
    }
    assert!(with_default(vec![], vec![]).is_err());
}

#[test]
fn a_long_line_is_read_once() {
    // Words that a search might start from again: nested launchers, separators, values.
    for word in ["env", "--", "-m", "x", "--x", "--x=1", "conf.py"] {
        for first in ["env", "my-train", "mpirun", "python3", "sh", "torchrun"] {
            let words = std::iter::once(first).chain(std::iter::repeat_n(word, 60_000));
            let _ = split(words.chain(["--", "a=1"]).map(str::to_owned).collect());
        }
    }
}
