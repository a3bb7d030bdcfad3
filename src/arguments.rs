//! What each argument is: a flag with its value, an override, one of Hydra's own flags, or nothing
//! that can be passed on.
//!
//! The rule that everything here serves: a value can never become a flag or an override. The token
//! behind a flag is its value whatever it looks like, and where it might not be one (it starts with
//! a dash) the run is refused, unless a declaration says how many tokens the flag takes.

use crate::declarations::{Arity, Declarations, Flag, Mkdir, SECRET, Variable};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, INSTANTIATE_KEYS, Key, OwnFlag, OwnValue};
use crate::kfp;
use crate::value::{self, Problem, Type, Value};

/// What an argument turned out to be.
#[derive(Debug)]
pub enum Argument {
    /// A key gets a value.
    Setting(Setting),
    /// A flag that is left out, with its value.
    Dropped(Vec<String>),
    /// Passed byte for byte.
    Verbatim(String),
    /// One of Hydra's own flags, with its value.
    Own(Vec<String>),
    /// Nothing that can be passed on, and its place from 1.
    Unexpected(String, usize),
}

/// A key and the value it gets.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The flag as it was written, with its dashes (or the variable's name).
    pub flag: String,
    /// The value's text.
    pub text: String,
    /// All the arguments that it was made from.
    pub from: Vec<String>,
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// Its type.
    pub ty: Type,
    /// Whether repetitions add up.
    pub arity: Arity,
    /// Who declared it.
    pub declared_by: Option<String>,
    /// Never shown.
    pub secret: bool,
    /// A dict is merged.
    pub merge: bool,
    /// The folder it wants.
    pub mkdir: Mkdir,
    /// An undeclared flag's value that could be taken for an override.
    pub looks_native: bool,
}

impl Setting {
    /// A value as it may be shown in a message.
    pub fn shown(&self, text: &str) -> String {
        if self.secret { SECRET.to_owned() } else { quote(text) }
    }

    /// The error that says why `text` cannot be this flag's value.
    pub fn error(&self, text: &str, problem: Problem) -> Error {
        // A clause quotes parts of the value.
        let clause =
            if self.secret { format!("cannot be passed as {}", self.ty) } else { problem.clause };
        let declared = match &self.declared_by {
            Some(by) => format!(" (declared {} by {by})", self.ty),
            None => String::new(),
        };
        let message = format!("{}: the value {} {clause}{declared}", self.flag, self.shown(text));
        Error { help: problem.help.filter(|_| !self.secret), ..Error::refused(message) }
    }
}

/// A flag's name with its dashes, and the value that is attached to it.
fn split_attached(token: &str) -> (&str, Option<&str>) {
    match token.split_once('=') {
        Some((written, value)) => (written, Some(value)),
        None => (token, None),
    }
}

/// Says what each argument is, one after the other; the declared variables come first. An error is
/// an argument that may not be passed on, or a value that does not fit.
pub struct Reader<'a> {
    tokens: std::vec::IntoIter<String>,
    count: usize,
    declared: &'a Declarations,
    variables: std::slice::Iter<'a, Variable>,
    /// Behind a `--`.
    as_it_is: bool,
}

impl Iterator for Reader<'_> {
    type Item = Result<Argument>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(variable) = self.variables.next() {
            return Some(self.variable(variable));
        }
        let mut token = self.tokens.next()?;
        if token == "--" && !self.as_it_is {
            self.as_it_is = true;
            token = self.tokens.next()?;
        }
        Some(if self.as_it_is {
            self.rest_as_it_is(token)
        } else if token.starts_with("--") {
            self.flag(token)
        } else if token.starts_with('-') {
            self.short_option(token)
        } else {
            self.word(token)
        })
    }
}

impl<'a> Reader<'a> {
    /// Reads `arguments` by what is `declared`.
    pub fn new(arguments: Vec<String>, declared: &'a Declarations) -> Self {
        Self {
            count: arguments.len(),
            tokens: arguments.into_iter(),
            declared,
            variables: declared.variables.iter(),
            as_it_is: false,
        }
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.as_slice().first().map(String::as_str)
    }

    /// The next token, if it is such a one.
    fn take_if(&mut self, is_such: impl FnOnce(&str) -> bool) -> Option<String> {
        if self.peek().is_some_and(is_such) { self.tokens.next() } else { None }
    }

    /// An environment variable that sets a key, typed by the flag declared for that key.
    fn variable(&self, variable: &Variable) -> Result<Argument> {
        let mut declared = self.declared.flags.iter();
        let mut flag = declared
            .find(|flag| {
                flag.key.name == variable.key.name
                    && !matches!(flag.arity, Arity::Exactly(n) if n != 1)
            })
            .cloned()
            .unwrap_or_else(|| Flag::new("", variable.key.clone(), Type::Auto, &variable.source));
        flag.arity = Arity::Exactly(1);
        let shown = format!("${}", variable.name);
        let text = variable.value.clone();
        self.declared_value(&flag, &shown, vec![shown.clone(), text.clone()], &[text])
    }

    /// A token that starts with two dashes and is more than that.
    fn flag(&mut self, token: String) -> Result<Argument> {
        let declared: &'a Declarations = self.declared;
        let (written, attached) = split_attached(&token);
        let name = written.get(2..).unwrap_or_default();
        if let Some(flag) = declared.flag(name) {
            return self.declared_flag(flag, written, attached);
        }
        if let Some(flag) = negated_switch(declared, name, attached) {
            let written = written.to_owned();
            return self.setting(flag, &written, "false", vec![token], Value::Bool(false));
        }
        if declared.drops(name) {
            let attached = attached.is_some();
            return Ok(self.dropped(token, attached));
        }
        self.admit(&token, written)?;
        match hydra::own_flag(written) {
            Some(own) => self.own_flag(own, token),
            None => self.undeclared_flag(token),
        }
    }

    fn declared_flag(
        &mut self,
        flag: &'a Flag,
        written: &str,
        attached: Option<&str>,
    ) -> Result<Argument> {
        let (mut from, mut texts) = match attached {
            Some(text) => (vec![format!("{written}={text}")], vec![text.to_owned()]),
            None => (vec![written.to_owned()], Vec::new()),
        };
        match (flag.arity, attached) {
            (Arity::Exactly(0), None) => texts.push("true".to_owned()),
            (Arity::Exactly(count), _) => {
                while texts.len() < count {
                    let Some(text) = self.tokens.next() else {
                        return Err(values_missing(written, texts.len(), count, &flag.source));
                    };
                    texts.push(text);
                }
            }
            (Arity::Switch, None) => {
                let word = self.take_if(|next| value::boolean(next).is_some());
                from.extend(word.clone());
                texts.push(word.unwrap_or_else(|| "true".to_owned()));
                return self.declared_value(flag, written, from, &texts);
            }
            (Arity::Many, None) => {
                while let Some(text) = self.take_if(|next| !is_flag_or_override(next)) {
                    texts.push(text);
                }
            }
            (Arity::AtMost(count), None) => {
                let follows = |next: &str| flag.followers.iter().any(|f| f == next);
                while texts.len() < count
                    && let Some(text) = self.take_if(|next| !follows(next))
                {
                    texts.push(text);
                }
                if let [next, again, ..] = self.tokens.as_slice()
                    && texts.len() < count
                    && next == again
                {
                    return Err(ambiguous(written, next, &flag.source));
                }
            }
            (Arity::AtMost(_) | Arity::Switch | Arity::Many, Some(_)) => {}
        }
        if attached.is_none() && flag.arity != Arity::Exactly(0) {
            from.extend(texts.iter().cloned());
        }
        self.declared_value(flag, written, from, &texts)
    }

    /// A declared flag whose value is `texts`.
    fn declared_value(
        &self,
        flag: &Flag,
        written: &str,
        from: Vec<String>,
        texts: &[String],
    ) -> Result<Argument> {
        if !hydra::is_key(&flag.key.name) {
            return Err(bad_key(written, &flag.key.name));
        }
        let shown = texts.join(" ");
        if flag.drop_empty && (shown.is_empty() || shown == "null") {
            return Ok(Argument::Dropped(from));
        }
        if let ([text], Arity::Exactly(1)) = (texts, flag.arity) {
            let null = text == "null" || (text.is_empty() && flag.ty != Type::Text);
            if flag.nullable && null {
                return self.setting(flag, written, text, from, Value::Null);
            }
        }
        let value = match (flag.arity, texts) {
            _ if flag.loose_list => many(texts, &flag.ty),
            (Arity::Exactly(_) | Arity::Switch | Arity::AtMost(1), [text]) => {
                Value::parse(text, &flag.ty)
            }
            (Arity::AtMost(_), []) => Ok(Value::Bool(true)),
            (Arity::Many, texts) => many(texts, &flag.ty),
            (_, texts) => each(texts, &flag.ty),
        };
        match value {
            Ok(value) => self.setting(flag, written, &shown, from, value),
            Err(problem) => {
                let setting = new_setting(flag, written, &shown, from, Value::Null);
                Err(setting.error(&shown, problem))
            }
        }
    }

    fn setting(
        &self,
        flag: &Flag,
        written: &str,
        text: &str,
        from: Vec<String>,
        value: Value,
    ) -> Result<Argument> {
        let setting = new_setting(flag, written, text, from, value);
        if self.declared.closed
            && let Some(problem) = closed_mode_problem(flag, written, &setting)
        {
            return Err(setting.error(text, problem));
        }
        Ok(Argument::Setting(setting))
    }

    /// A flag to be left out, with its value.
    fn dropped(&mut self, token: String, attached: bool) -> Argument {
        let mut from = vec![token];
        if !attached {
            from.extend(self.take_if(|next| !is_flag_or_override(next)));
        }
        Argument::Dropped(from)
    }

    /// A flag that nobody declared.
    fn undeclared_flag(&mut self, token: String) -> Result<Argument> {
        let (written, attached) = split_attached(&token);
        let flag = written.to_owned();
        let name = written.get(2..).unwrap_or_default();
        let key = if self.declared.underscores { name.replace('-', "_") } else { name.to_owned() };
        let mut looks_native = false;
        let (text, next) = match (attached, self.peek()) {
            (Some(text), _) => (text.to_owned(), None),
            (None, None) => ("true".to_owned(), None),
            (None, Some(next)) if next.starts_with('-') && !is_negative_number(next) => {
                return Err(no_value(written, next));
            }
            (None, Some(next)) => {
                looks_native = hydra::native_key(next).is_some();
                (next.to_owned(), self.tokens.next())
            }
        };
        if !hydra::is_key(&key) {
            return Err(bad_key(written, &key));
        }
        if kfp::is_unfilled_placeholder(&text) {
            return Err(Error::refused(format!(
                "{written}: the value {} is a placeholder that the orchestrator did not fill in",
                quote(&text)
            ))
            .help("check the name in the component's YAML; a declared input may hold any text"));
        }
        let value = Value::parse(&text, &Type::Auto);
        let mut setting = Setting {
            flag,
            text,
            from: std::iter::once(token).chain(next).collect(),
            key: Key::existing(key),
            value: Value::Null,
            ty: Type::Auto,
            arity: Arity::Exactly(1),
            declared_by: None,
            secret: false,
            merge: false,
            mkdir: Mkdir::No,
            looks_native,
        };
        setting.value = value.map_err(|problem| setting.error(&setting.text, problem))?;
        Ok(Argument::Setting(setting))
    }

    /// One of Hydra's own flags.
    fn own_flag(&mut self, own: &OwnFlag, token: String) -> Result<Argument> {
        let (written, attached) = split_attached(&token);
        let value = match (own.value, attached) {
            (OwnValue::None, Some(_)) => return Err(takes_no_value(written, &token)),
            (_, Some(_)) | (OwnValue::None, None) => None,
            (OwnValue::Required, None) => {
                let value = self.take_if(|next| !next.starts_with('-'));
                if value.is_none() {
                    return Err(needs_value(own, written, self.peek()));
                }
                value
            }
            (OwnValue::Optional(choices), None) => self.take_if(|next| choices.contains(&next)),
        };
        Ok(Argument::Own(std::iter::once(token).chain(value).collect()))
    }

    /// A token that starts with one dash.
    fn short_option(&mut self, token: String) -> Result<Argument> {
        let declared: &'a Declarations = self.declared;
        if let Some(flag) = declared.short_flag(&token) {
            return self.declared_flag(flag, &token, None);
        }
        let (written, _) = split_attached(&token);
        self.admit(&token, written)?;
        match hydra::own_flag(written) {
            Some(own) => self.own_flag(own, token),
            None => Ok(self.unexpected(token)),
        }
    }

    /// A token without a dash that no flag took.
    fn word(&self, token: String) -> Result<Argument> {
        self.admit(&token, &token)?;
        if hydra::native_key(&token).is_none() {
            return Ok(self.unexpected(token));
        }
        Ok(Argument::Verbatim(token))
    }

    /// What follows a `--`.
    fn rest_as_it_is(&mut self, token: String) -> Result<Argument> {
        self.admit(&token, &token)?;
        match hydra::own_flag(split_attached(&token).0) {
            // Hydra takes its own flags only behind the overrides.
            Some(own) => self.own_flag(own, token),
            None => Ok(Argument::Verbatim(token)),
        }
    }

    fn unexpected(&self, token: String) -> Argument {
        Argument::Unexpected(token, self.count - self.tokens.len())
    }

    /// In closed mode an argument that is not declared is admitted only if the component wrote it.
    fn admit(&self, token: &str, written: &str) -> Result<()> {
        if !self.declared.closed || self.declared.literals.iter().any(|l| l == token) {
            return Ok(());
        }
        let names = self.declared.flags.iter().map(|flag| flag.name.as_str());
        let near = crate::nearest::nearest(written.trim_start_matches('-'), names);
        Err(Error::refused(format!(
            "{} is not declared, and the rules accept only declared flags (unknown: error)",
            quote(written)
        ))
        .help(match near {
            Some(name) => format!("did you mean --{name}?"),
            None => "declare it under `flags` in the rules".to_owned(),
        }))
    }
}

/// The flag that `--no-NAME` turns off, if the rules declare it a bool.
fn negated_switch<'a>(
    declared: &'a Declarations,
    name: &str,
    attached: Option<&str>,
) -> Option<&'a Flag> {
    let positive = name.strip_prefix("no-").or_else(|| name.strip_prefix("no_"))?;
    let flag = declared.flag(positive)?;
    (attached.is_none() && flag.arity == Arity::Switch).then_some(flag)
}

/// What closed mode refuses in a declared flag's value.
fn closed_mode_problem(flag: &Flag, written: &str, setting: &Setting) -> Option<Problem> {
    let declare = |what: &str| format!("if that is meant, declare `{what}` on {written}");
    if setting.ty == Type::Hydra && !(flag.allow_dollar && flag.allow_targets) {
        let why = "is Hydra's own syntax, which closed mode refuses: it may hold anything";
        return Some(Problem::new(why).help(declare("dollar: allow, targets: allow")));
    }
    if !flag.allow_dollar && hydra::holds_interpolation(&setting.value) {
        let why =
            "holds `${`, which closed mode refuses: hydra.utils.instantiate would evaluate it";
        return Some(Problem::new(why).help(declare("dollar: allow")));
    }
    if let (Some(key), false) = (setting.value.find_key(&INSTANTIATE_KEYS), flag.allow_targets) {
        let why = format!(
            "holds the key `{key}`, which closed mode refuses: hydra.utils.instantiate would call \
             what it names"
        );
        return Some(Problem::new(why).help(declare("targets: allow")));
    }
    // A config group's option is a file below the config folder, and `..` leads out of it.
    let climbs = |text: &str| text.split('/').any(|part| part == "..");
    if setting.ty != Type::Path && matches!(&setting.value, Value::Text(text) if climbs(text)) {
        let why = "holds `..`, which closed mode refuses: as a config group's option it would load \
                   a file from elsewhere";
        return Some(Problem::new(why).help(declare("type: path")));
    }
    None
}

fn no_value(written: &str, next: &str) -> Error {
    Error::refused(format!(
        "{written} has no value: the next argument, {}, starts with a dash",
        quote(next)
    ))
    .help(format!(
        "if {written} is a switch, write {written}=true; if that is its value, write \
         {written}=VALUE"
    ))
}

/// The arguments end behind the first `there` of a flag's `count` values.
fn values_missing(written: &str, there: usize, count: usize, source: &str) -> Error {
    let missing = match (count - there, count) {
        (1, 1) => "its value is missing".to_owned(),
        (missing, _) if missing == count => format!("its {count} values are missing"),
        (1, _) => format!("1 of its {count} values is missing"),
        (missing, _) => format!("{missing} of its {count} values are missing"),
    };
    Error::refused(format!(
        "{written}: {missing} at the end of the command line (declared by {source})"
    ))
}

fn ambiguous(written: &str, next: &str, source: &str) -> Error {
    Error::refused(format!(
        "{written}: its value may be absent ({source}), and {} behind it may be that value or the \
         next flag",
        quote(next)
    ))
    .help("give the input a default instead of writing it under `if`")
}

fn takes_no_value(written: &str, token: &str) -> Error {
    let name = written.trim_start_matches('-');
    Error::refused(format!(
        "{written} is one of Hydra's own flags and takes no value, but was given {}",
        quote(token)
    ))
    .help(format!("to set the key `{name}`, write the override {name}=VALUE"))
}

fn needs_value(own: &OwnFlag, written: &str, next: Option<&str>) -> Error {
    let found = next.map_or_else(
        || "nothing follows".to_owned(),
        |next| format!("{} starts with a dash", quote(next)),
    );
    Error::refused(format!("{written} is one of Hydra's own flags and needs a value, but {found}"))
        .help(format!("write {}=VALUE", own.long))
}

fn new_setting(flag: &Flag, written: &str, text: &str, from: Vec<String>, value: Value) -> Setting {
    Setting {
        flag: written.to_owned(),
        text: text.to_owned(),
        from,
        key: flag.key.clone(),
        value,
        ty: flag.ty.clone(),
        arity: flag.arity,
        declared_by: Some(flag.source.clone()),
        secret: flag.secret,
        merge: flag.merge,
        mkdir: flag.mkdir,
        looks_native: false,
    }
}

/// The items of a flag that takes several: JSON arrays spliced in, other texts by the list's
/// element type.
fn many(texts: &[String], ty: &Type) -> std::result::Result<Value, Problem> {
    let element = match ty {
        Type::List(element) => element.ty(),
        ty => ty.clone(),
    };
    let mut items = Vec::new();
    for text in texts {
        let array = if text.starts_with('[') { value::json(text)? } else { None };
        match array {
            Some(Value::List(_)) => {
                if let Value::List(spliced) = Value::parse(text, ty)? {
                    items.extend(spliced);
                }
            }
            _ => items.push(Value::parse(text, &element)?),
        }
    }
    Ok(Value::List(items))
}

/// The parts of a value that several arguments make.
fn each(texts: &[String], ty: &Type) -> std::result::Result<Value, Problem> {
    let types: Vec<&Type> = match ty {
        Type::Tuple(types) => types.iter().collect(),
        ty => vec![ty; texts.len()],
    };
    let values = texts.iter().zip(types).map(|(text, ty)| Value::parse(text, ty));
    values.collect::<std::result::Result<_, _>>().map(Value::List)
}

/// Whether a token ends the values of a flag that takes several.
fn is_flag_or_override(token: &str) -> bool {
    (token.starts_with('-') && !is_negative_number(token)) || hydra::native_key(token).is_some()
}

fn is_negative_number(token: &str) -> bool {
    token.starts_with('-') && value::is_typed_number(token)
}

fn bad_key(written: &str, key: &str) -> Error {
    Error::refused(format!(
        "{}: {} is no key in Hydra's grammar: {}",
        quote(written),
        quote(key),
        hydra::why_no_key(key)
    ))
    .help("a key is a name like lr, or a path like model.optimizer.lr")
}

#[cfg(test)]
mod tests;
