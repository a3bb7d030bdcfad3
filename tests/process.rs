//! Once the application runs, nothing of the shim is left: whatever it can find out about itself
//! is the same to the byte, whether the shim was there or not.

mod support;

use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use assert_cmd::assert::{Assert, OutputAssertExt};
use support::launched::{DOORS, Prepare, Stage, check, prepare};
use support::{HYDRA, shim, stdout, venv};

/// The first line of a script for Python itself, without anything that finds or wraps it.
fn python() -> String {
    format!("#!{}/bin/python3 -IS\n", venv(HYDRA).unwrap().display())
}

/// Starts by each door, and hands the running process over before it is awaited.
fn running(stage: &Stage, name: &str, mut with: impl FnMut(&str, &mut Child)) {
    for door in DOORS {
        let mut command = stage.door(door, name, "x", "1");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        with(door, &mut child);
    }
}

#[test]
fn the_process_is_the_one_that_was_started() {
    let stage = Stage::new();
    stage.script("in-sh", "#!/bin/sh\necho $$ $PPID\n");
    stage
        .script("in-python", &format!("{}import os; print(os.getpid(), os.getppid())\n", python()));
    for name in ["in-sh", "in-python"] {
        running(&stage, name, |door, child| {
            let mut printed = String::new();
            child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
            assert!(child.wait().unwrap().success(), "{name} {door}");
            assert_eq!(
                printed,
                format!("{} {}\n", child.id(), std::process::id()),
                "{name} {door}"
            );
        });
    }
}

#[test]
fn sigterm_reaches_the_applications_handler() {
    let stage = Stage::new();
    let app = "import os, signal, sys\n\
        def stop(number, frame):\n    os.write(1, b'saved\\n'); sys.exit(42)\n\
        signal.signal(signal.SIGTERM, stop)\n\
        print('ready', flush=True)\n\
        signal.pause()\n";
    stage.script("app", &format!("{}{app}", python()));
    running(&stage, "app", |door, child| {
        let mut stdout = child.stdout.take().unwrap();
        let mut ready = [0; 6];
        stdout.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"ready\n", "{door}");
        let pid = libc::pid_t::try_from(child.id()).unwrap();
        // SAFETY: a signal to a child that has not been awaited yet.
        check(unsafe { libc::kill(pid, libc::SIGTERM) }).unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("saved\n", Some(42)), "{door}");
    });
}

fn set_disposition(action: libc::sighandler_t, signals: &[libc::c_int]) -> io::Result<()> {
    for &signal in signals {
        // SAFETY: `action` is SIG_IGN or SIG_DFL.
        if unsafe { libc::signal(signal, action) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

fn ignore(signals: &[libc::c_int]) -> io::Result<()> {
    set_disposition(libc::SIG_IGN, signals)
}

fn block(signals: &[libc::c_int]) -> io::Result<()> {
    // SAFETY: the set is initialised by sigemptyset, and the calls are async-signal-safe.
    check(unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for &signal in signals {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut())
    })
}

#[test]
fn the_state_of_the_process_is_untouched() {
    use libc::{SIGBUS, SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGSEGV, SIGTERM, SIGUSR1};
    let states: [(&str, Prepare); 14] = [
        ("as it is", || Ok(())),
        ("a pipe kills", || set_disposition(libc::SIG_DFL, &[SIGPIPE])),
        ("a pipe does not kill", || ignore(&[SIGPIPE])),
        ("nohup", || ignore(&[SIGHUP])),
        ("in the background", || ignore(&[SIGINT, SIGQUIT])),
        ("children are not awaited", || ignore(&[SIGCHLD])),
        ("faults ignored", || ignore(&[SIGSEGV, SIGBUS])),
        ("all ignored that can be", || {
            let mut others = (1..=31).filter(|n| ![libc::SIGKILL, libc::SIGSTOP].contains(n));
            others.try_for_each(|signal| ignore(&[signal]))
        }),
        ("none blocked", || block(&[])),
        ("two blocked", || block(&[SIGTERM, SIGUSR1])),
        ("faults and a real-time signal blocked", || block(&[SIGSEGV, SIGPIPE, 40])),
        ("a umask", || {
            // SAFETY: umask cannot fail.
            unsafe { libc::umask(0o027) };
            Ok(())
        }),
        // SAFETY: a system call without arguments.
        ("a session of its own", || check(unsafe { libc::setsid() })),
        ("no new privileges", || {
            // SAFETY: prctl with plain integers.
            check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
        }),
    ];
    let stage = Stage::new();
    stage.facts();
    for (state, change) in states {
        let outcome = stage.same_with(state, "cat", "file", "status", |command| {
            prepare(command, change);
        });
        let facts = stdout(&outcome);
        assert!(facts.contains("\nSigIgn:"), "{state}: {facts}");
    }
    for file in "limits mountinfo cgroup comm cmdline".split(' ') {
        let outcome = stage.same_with("few files", "cat", "file", file, |command| {
            prepare(command, || {
                let (rlim_cur, rlim_max) = (100, 200);
                let files = libc::rlimit { rlim_cur, rlim_max };
                // SAFETY: setrlimit reads the struct during the call.
                check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const files) })
            });
        });
        assert!(!stdout(&outcome).is_empty(), "{file}");
    }
}

#[test]
fn open_and_closed_descriptors_stay_as_they_are() {
    let stage = Stage::new();
    // Of each descriptor: what it is, its position and its flags. In a file: stdout may be closed.
    let app = "import os
facts = []
for fd in sorted(os.listdir('/proc/self/fd'), key=int):
    try:
        what = os.readlink(f'/proc/self/fd/{fd}').replace(f'/{os.getpid()}/', '/OWN/')
        facts += fd, ' ', what, ' ', open(f'/proc/self/fdinfo/{fd}').read().split('mnt_id')[0]
    except OSError:
        facts += fd, ' gone' + chr(10)
open('facts', 'w').writelines(facts)
";
    stage.script("app", &format!("{}{app}", python()));
    for file in ["data", "log"] {
        fs::write(stage.path(file), "0123456789").unwrap();
    }
    let data = CString::new(stage.path("data").into_os_string().into_vec()).unwrap();
    // Closed before the start, and inherited.
    let states: [(&[libc::c_int], &[libc::c_int]); 9] = [
        (&[], &[]),
        (&[0], &[]),
        (&[1], &[]),
        (&[2], &[]),
        (&[0, 1], &[]),
        (&[1, 2], &[]),
        (&[0, 1, 2], &[]),
        (&[], &[7]),
        (&[0, 1, 2], &[7, 9, 63]),
    ];
    for (closed, inherited) in states {
        let [direct, run, interposed] = DOORS.map(|door| {
            let mut command = stage.door(door, "app", "x", "1");
            let log = File::options().append(true).open(stage.path("log"));
            command.stdin(Stdio::null()).stdout(log.unwrap()).stderr(Stdio::null());
            let data = data.clone();
            let descriptors = move || {
                for &fd in inherited {
                    // SAFETY: system calls on a string that lives in the closure.
                    unsafe {
                        let file = libc::open(data.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
                        // Out of the way: of a descriptor to itself, dup2 is no copy.
                        let file = libc::fcntl(file, libc::F_DUPFD_CLOEXEC, 100);
                        check(file)?;
                        check(libc::dup2(file, fd))?;
                        libc::lseek(fd, libc::off_t::from(fd % 10), libc::SEEK_SET);
                    }
                }
                // SAFETY: nobody else uses the descriptors of the child.
                closed.iter().try_for_each(|&fd| check(unsafe { libc::close(fd) }))
            };
            // SAFETY: system calls on memory that was prepared before the fork.
            unsafe { command.pre_exec(descriptors) };
            let code = command.status().unwrap().code();
            let facts = fs::read_to_string(stage.path("cwd/facts")).unwrap_or_default();
            let _ = fs::remove_file(stage.path("cwd/facts"));
            (code, facts)
        });
        let case = format!("{closed:?} closed, {inherited:?} inherited: behind the shim (left)");
        assert_eq!(direct.0, Some(0), "{case}");
        for fd in inherited {
            assert!(direct.1.contains(&format!("\n{fd} /")), "{case}: {}", direct.1);
        }
        assert_eq!(run, direct, "run, {case}");
        assert_eq!(interposed, direct, "interposed, {case}");
    }
}

#[test]
fn standard_input_is_the_applications_to_the_first_byte() {
    let stage = Stage::new();
    stage.script("app", "#!/bin/sh\nexec cat\n");
    fs::write(stage.path("input"), b"first\0line\nand \xff bytes\n").unwrap();
    let outcome = stage.same_with("a file", "app", "x", "1", |command| {
        command.stdin(File::open(stage.path("input")).unwrap());
    });
    outcome.stdout(b"first\0line\nand \xff bytes\n".as_slice());
}

/// An execve of our own in the child, as `Command` passes neither a variable twice nor one without `=`.
struct Exec {
    argv: Vec<*const libc::c_char>,
    envp: Vec<*const libc::c_char>,
    _owned: Vec<CString>,
}

// SAFETY: the pointers lead into `_owned`, which is never changed.
unsafe impl Send for Exec {}
// SAFETY: as above.
unsafe impl Sync for Exec {}

impl Exec {
    fn new(argv: &[&OsStr], environment: &[&[u8]]) -> Self {
        let mut owned = Vec::new();
        let mut pointers = |list: Vec<&[u8]>| {
            let mut pointers = Vec::new();
            for bytes in list {
                owned.push(CString::new(bytes).unwrap());
                pointers.push(owned.last().unwrap().as_ptr());
            }
            pointers.push(std::ptr::null());
            pointers
        };
        let argv = pointers(argv.iter().map(|arg| arg.as_bytes()).collect());
        let envp = pointers(environment.to_vec());
        Self { argv, envp, _owned: owned }
    }

    fn outcome(self, cwd: &Path) -> Assert {
        let mut command = Command::new("/bin/false");
        command.current_dir(cwd);
        // SAFETY: one execve, on arrays that end with a null pointer and live in the closure.
        unsafe {
            command.pre_exec(move || {
                let this = &self;
                libc::execve(this.argv[0], this.argv.as_ptr(), this.envp.as_ptr());
                Err(io::Error::last_os_error())
            });
        }
        command.assert()
    }
}

#[test]
fn the_environment_arrives_byte_for_byte() {
    let stage = Stage::new();
    stage.facts();
    let path = [b"PATH=".as_slice(), stage.search_path().as_bytes(), b":/\xff/bin"].concat();
    let environment: [&[u8]; 14] = [
        b"TWICE=1",
        b"first=\xc3\xa9",
        b"TWICE=2",
        &path,
        b"BYTES=\xff\xfe\x80",
        b"EMPTY=",
        b"LINES=a\nb\n",
        b"NO_EQUALS",
        b"",
        b"=C:=x",
        b"\xff=\xff",
        b"PATH=/nowhere",
        b"HYDRA_SHIM_OTHER=kept",
        b"TWICE=3",
    ];
    let expected: Vec<u8> =
        environment.iter().flat_map(|entry| [entry, b"\0".as_slice()].concat()).collect();
    let cat = stage.path("bin/cat");
    let shims = stage.path("shims/cat");
    let program = shim();
    let doors: [(&str, &[&OsStr]); 3] = [
        ("directly", &[cat.as_ref(), "file=environ".as_ref()]),
        (
            "run",
            &[
                program.as_ref(),
                "run".as_ref(),
                "cat".as_ref(),
                "--file".as_ref(),
                "environ".as_ref(),
            ],
        ),
        ("interposed", &[shims.as_ref(), "--file".as_ref(), "environ".as_ref()]),
    ];
    for (door, argv) in doors {
        let outcome = Exec::new(argv, &environment).outcome(&stage.path("cwd"));
        outcome.append_context("door", door).success().stdout(expected.clone()).stderr("");
    }
}

#[test]
fn the_working_directory_is_kept_even_a_removed_one() {
    let stage = Stage::new();
    stage.script("app", "#!/bin/sh\nreadlink /proc/self/cwd\n");
    let cwd = fs::canonicalize(stage.path("cwd")).unwrap();
    stage.same("app", "x", "1").stdout(format!("{}\n", cwd.display()));
    let outcome = stage.same_with("a removed folder", "app", "x", "1", |command| {
        let gone = stage.path("gone");
        fs::create_dir(&gone).unwrap();
        command.current_dir(&gone);
        let gone = CString::new(gone.into_os_string().into_vec()).unwrap();
        // SAFETY: one system call on a string that lives in the closure.
        unsafe { command.pre_exec(move || check(libc::rmdir(gone.as_ptr()))) };
    });
    assert!(stdout(&outcome).ends_with("/gone (deleted)\n"), "{outcome}");
}
