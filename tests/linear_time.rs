//! Whatever a file is full of, reading and rewriting it takes time in proportion to its size.

use std::fmt::Write as _;

use hydra_shim::declarations::Declarations;
use hydra_shim::kfp::compiled::Pipeline;
use hydra_shim::kfp::declare::declarations;
use hydra_shim::kfp::fill::{Values, fill};
use hydra_shim::kfp::rewrite::rewrite;
use hydra_shim::sagemaker::Hyperparameters;
use hydra_shim::translate::translate;

/// How long this thread has had a processor, in nanoseconds: what else the machine does is not in it.
fn time_on_processor() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes the struct during the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Does something of this size and of twelve times the size, and asserts that it takes no more than 24
/// times as long: in quadratic time it were 144. Each takes the shortest of three times.
fn assert_in_proportion(what: &str, size: usize, run: impl Fn(usize)) {
    let time_for = |size| {
        let once = |_| {
            let start = time_on_processor();
            run(size);
            time_on_processor() - start
        };
        (0..3).map(once).min().unwrap()
    };
    let (few, many) = (time_for(size), time_for(12 * size));
    println!("{what}: {few} ns for {size}, {many} ns for {}", 12 * size);
    assert!(many < few * 24, "{what}: {few} ns for {size}, {many} ns for {}", 12 * size);
}

/// A component of `count` inputs, each with a flag, and each of these twice under an `if`.
fn many_flags(count: usize) -> String {
    let (mut inputs, mut args) = (String::new(), String::new());
    for n in 0..count {
        let _ = writeln!(inputs, "- {{name: i{n}, type: Integer}}");
        let _ = writeln!(
            args,
            "    - --f{n}\n    - {{inputValue: i{n}}}\n    - {{if: {{cond: {{isPresent: i{n}}}, \
             then: [--g{n}, {{inputValue: i{n}}}], else: [--g{n}, none]}}}}"
        );
    }
    format!(
        "inputs:\n{inputs}implementation:\n  container:\n    image: i\n    command: [python3, \
         main.py]\n    args:\n{args}"
    )
}

#[test]
fn a_component_of_many_flags() {
    assert_in_proportion("declare, fill in, translate, rewrite", 200, |count| {
        let text = many_flags(count);
        let pipeline = Pipeline::read(&text, "c.yaml").unwrap();
        let task = &pipeline.tasks[0];
        let declared = declarations(&task.component, &|_| None).unwrap();
        assert_eq!(declared.flags.len(), 2 * count);
        let filled = fill(&pipeline, task, &Values::default()).unwrap();
        let received: Vec<String> = filled.received.into_iter().map(|one| one.text).collect();
        let (command, arguments) = received.split_at(filled.command);
        let translation = translate(command.to_vec(), arguments, &declared).unwrap();
        assert_eq!(translation.trace.len(), 2 * count);
        assert!(rewrite(&text, "c.yaml").unwrap().notes.is_empty());
    });
}

#[test]
fn arguments_that_are_hard_to_rewrite() {
    for (what, size, args) in [
        ("flags", 2_000, &(|n| format!("[{}]", "--a, ".repeat(n))) as &dyn Fn(usize) -> String),
        ("words", 2_000, &|n| format!("[--a, {}]", "b, ".repeat(n))),
        ("words behind a value", 1_000, &|n| {
            format!("[{}]", "--a, {inputPath: data}, b, ".repeat(n))
        }),
        ("a shell's variables", 2_000, &|n| {
            let text = "${123456}".repeat(n);
            format!("[sh, -c, '{text}\"$0\" \"$@\"', {}]", "--a, b, ".repeat(n))
        }),
        ("shells in shells", 1_000, &|n| format!("[{}x]", "sh, -c, '\"$0\" \"$@\"', ".repeat(n))),
        ("placeholders in placeholders", 20, &|n| {
            let nested =
                ["{concat: [".repeat(40), "--a, b".to_owned(), "]}".repeat(40), ", ".to_owned()];
            format!("[{}]", nested.concat().repeat(n))
        }),
        ("open placeholders", 20_000, &|n| format!("[\"{}\"]", "{{$".repeat(n))),
        ("open brackets", 2_000, &|n| format!("[--a, '{}']", "[".repeat(n))),
    ] {
        assert_in_proportion(what, size, |n| {
            let text = format!(
                "inputs:\n- {{name: data, type: Dataset}}\nimplementation:\n  container:\n    image: i\n    \
                 args: {}\n",
                args(n)
            );
            // Rewritten or refused.
            let _ = rewrite(&text, "f");
        });
    }
}

#[test]
fn an_executor_input_of_many_inputs() {
    assert_in_proportion("executor input", 300, |count| {
        let text = many_flags(count).replacen("args:\n", "args:\n    - '--all={{$}}'\n", 1);
        let pipeline = Pipeline::read(&text, "c.yaml").unwrap();
        let task = &pipeline.tasks[0];
        let declared = declarations(&task.component, &|_| None).unwrap();
        let filled = fill(&pipeline, task, &Values::default()).unwrap();
        let all = filled.received[filled.command].text.clone();
        let translation = translate(Vec::new(), &[all], &declared).unwrap();
        assert_eq!(translation.overrides().count(), count);
    });
}

#[test]
fn hyperparameters() {
    let numbered = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(", ")
    };
    assert_in_proportion("a flag for each hyperparameter", 500, |count| {
        let json = numbered(count, &|n| format!("\"h{n}\": [\"a\", {n}]"));
        let hyperparameters = Hyperparameters::read(&format!("{{{json}}}")).unwrap();
        let declared = Declarations { hyperparameters, ..Declarations::default() };
        let arguments: Vec<String> =
            (0..count).flat_map(|n| [format!("--h{n}"), format!("['a', {n}]")]).collect();
        let translation = translate(Vec::new(), &arguments, &declared).unwrap();
        assert!(translation.overrides().all(|text| text.contains("=[a,")));
        assert_eq!(translation.trace.len(), count);
    });
    assert_in_proportion("a dict in another order, and what is almost one", 2_000, |count| {
        let json = numbered(count, &|n| format!("\"k{n}\": \"[\""));
        let sent = Hyperparameters::read(&format!("{{\"h\": {{{json}}}}}")).unwrap();
        let text = numbered(count, &|n| format!("'k{}': '['", count - 1 - n));
        assert!(sent.sent_as("--h", &format!("{{{text}}}")).is_some());
        assert!(sent.sent_as("--h", &format!("{{{text}")).is_none());
        let pairs = numbered(count, &|n| format!("k{n}=[")).replace(", ", ",");
        assert!(sent.sent_as("--h", &pairs).is_some());
        assert!(sent.sent_as("--h", &pairs.replace('[', "]")).is_none());
    });
}
