//! `hydra-shim.yaml`: what a team says about its flags. Pure; [`crate::sources`] finds and reads
//! the file.

use std::collections::BTreeSet;

use crate::command_line::App;
use crate::declarations::{Arity, Declarations, Flag, Mkdir};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, Key};
use crate::nearest::known_words;
use crate::value::{Element, Type};
use crate::yaml::{Node, Scalar};

/// A rules file.
#[derive(Debug, Default)]
pub struct Rules {
    /// Its keys.
    pub layer: Layer,
    /// The same keys again for single applications: the end of the script's path, or a module.
    pub apps: Vec<(String, Layer)>,
}

/// The keys of a rules file, or of one of its `apps`.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// The default command.
    pub command: Option<Vec<String>>,
    /// The component's file, relative to the rules file.
    pub component: Option<String>,
    underscores: Option<bool>,
    closed: Option<bool>,
    flags: Vec<RuleFlag>,
    drop: Option<Vec<String>>,
    /// Environment variables that set a key, with the line that says so.
    pub env: Vec<(String, Key, String)>,
    append: Option<Vec<String>>,
}

/// An entry of `flags`: what it leaves open comes from the component.
#[derive(Clone, Debug)]
struct RuleFlag {
    name: String,
    key: Option<Key>,
    ty: Option<Type>,
    change: Flag,
}

/// The keys of a layer.
const KEYS: [&str; 9] =
    ["command", "component", "dashes", "unknown", "flags", "drop", "env", "append", "apps"];

/// The keys of a flag.
const FLAG_KEYS: [&str; 8] =
    ["key", "type", "mkdir", "empty", "merge", "secret", "dollar", "targets"];

impl Rules {
    /// Reads a rules file's root; `file` names it in messages.
    ///
    /// # Errors
    /// A key or a value is none of those known, with its line and the nearest one.
    pub fn read(root: &Node, file: &str) -> Result<Self> {
        let reader = Reader { file };
        let mut rules = Self { layer: reader.layer(root, true)?, apps: Vec::new() };
        if let Some(apps) = root.get("apps") {
            for (name, layer) in reader.mapping(apps, "apps")? {
                let text = reader.text(name, "an app's name")?;
                rules.apps.push((text, reader.layer(layer, false)?));
            }
        }
        Ok(rules)
    }

    /// The keys that hold for `app`: its own before the general ones.
    pub fn for_app(&self, app: &App) -> Layer {
        let Some((_, own)) = self.apps.iter().find(|(name, _)| app.is_named(name)) else {
            return self.layer.clone();
        };
        let (own, general) = (own.clone(), self.layer.clone());
        Layer {
            command: own.command.or(general.command),
            component: own.component.or(general.component),
            underscores: own.underscores.or(general.underscores),
            closed: own.closed.or(general.closed),
            flags: [own.flags, general.flags].concat(),
            drop: own.drop.or(general.drop),
            env: [own.env, general.env].concat(),
            append: own.append.or(general.append),
        }
    }

    /// Whether the file names `app`, in `apps` or as the script of its `command`.
    pub fn names(&self, app: &App) -> bool {
        let by_command =
            self.layer.command.as_ref().is_some_and(|command| match App::of(command.clone()) {
                App::Script(path) => app.is_named(&path),
                App::Unknown => false,
                other => other == *app,
            });
        by_command || self.apps.iter().any(|(name, _)| app.is_named(name))
    }
}

impl Layer {
    /// Lays these rules over what a component declares.
    pub fn over(&self, mut declared: Declarations) -> Declarations {
        declared.underscores = self.underscores.unwrap_or(false);
        declared.closed = self.closed.unwrap_or(false);
        if declared.underscores {
            for flag in &mut declared.flags {
                flag.key.name = flag.key.name.replace('-', "_");
            }
        }
        let from_component = declared.flags.len();
        // In reverse, so that of two entries for a flag the first (an app's own) has the last word.
        for rule in self.flags.iter().rev() {
            let exact = declared.flags.iter().position(|flag| flag.name == rule.name);
            let alike = || {
                let flags = declared.flags.iter().take(from_component);
                flags.into_iter().position(|flag| flag.is_called(&rule.name))
            };
            match exact.or_else(alike).and_then(|index| declared.flags.get_mut(index)) {
                Some(flag) => rule.apply(flag),
                None => declared.flags.push(rule.alone(declared.underscores)),
            }
        }
        declared.drop = self.drop.clone().unwrap_or_default();
        declared.append = self.append.clone().unwrap_or_default();
        declared
    }
}

impl RuleFlag {
    /// A flag that only the rules declare.
    fn alone(&self, underscores: bool) -> Flag {
        let name = if underscores { self.name.replace('-', "_") } else { self.name.clone() };
        let mut flag = Flag::new(&self.name, Key::existing(name), Type::Auto, &self.change.source);
        self.apply(&mut flag);
        flag
    }

    fn apply(&self, flag: &mut Flag) {
        let change = &self.change;
        if let Some(key) = &self.key {
            flag.key.clone_from(key);
        }
        if let Some(ty) = &self.ty {
            flag.ty.clone_from(ty);
            flag.loose_list = matches!(ty, Type::List(_));
            // The tokens that a component writes behind a flag stay its value: one that a stranger
            // chose must not become a flag because the rules call it a list.
            if !flag.by_component || flag.arity == Arity::Exactly(0) {
                flag.arity = match ty {
                    Type::Bool => Arity::Switch,
                    Type::List(_) => Arity::Many,
                    _ => Arity::Exactly(1),
                };
            }
            flag.nullable = false;
            flag.source.clone_from(&change.source);
        }
        flag.mkdir = change.mkdir;
        flag.drop_empty = change.drop_empty;
        flag.merge = change.merge;
        flag.secret = change.secret;
        flag.allow_dollar = change.allow_dollar;
        flag.allow_targets = change.allow_targets;
    }
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn error(&self, node: &Node, message: impl AsRef<str>) -> Error {
        Error::at(self.file, (node.line, node.column), message)
    }

    fn layer(&self, node: &Node, top: bool) -> Result<Layer> {
        let known = KEYS.get(..if top { KEYS.len() } else { KEYS.len() - 1 });
        let mut layer = Layer::default();
        for (key, value) in self.mapping(node, "the rules")? {
            let name = self.key(key, known.unwrap_or(&KEYS))?;
            match name {
                "command" => layer.command = Some(self.command(value)?),
                "component" => layer.component = Some(self.text(value, name)?),
                "dashes" => {
                    layer.underscores =
                        Some(self.choice(value, name, &["keep", "underscore"])? == 1);
                }
                "unknown" => {
                    layer.closed = Some(self.choice(value, name, &["pass", "error"])? == 1);
                }
                "flags" => {
                    for (name, value) in self.mapping(value, name)? {
                        layer.flags.push(self.flag(name, value)?);
                    }
                }
                "drop" => {
                    let names = self.texts(value, name)?;
                    layer.drop = Some(names.iter().map(|name| without_dashes(name)).collect());
                }
                "env" => {
                    for (variable, key) in self.mapping(value, name)? {
                        let source = format!("{}:{}", self.file, variable.line);
                        let variable = self.text(variable, "a variable's name")?;
                        layer.env.push((variable, self.hydra_key(key)?, source));
                    }
                }
                "append" => layer.append = Some(self.append(value)?),
                _ => {}
            }
        }
        Ok(layer)
    }

    fn flag(&self, name: &Node, value: &Node) -> Result<RuleFlag> {
        let source = format!("{}:{}", self.file, name.line);
        let name = without_dashes(&self.text(name, "a flag's name")?);
        let mut rule = RuleFlag {
            change: Flag::new(&name, Key::existing(&*name), Type::Auto, &source),
            name,
            key: None,
            ty: None,
        };
        if value.text().is_some() {
            rule.key = Some(self.hydra_key(value)?);
            return Ok(rule);
        }
        let change = &mut rule.change;
        for (key, value) in self.mapping(value, "a flag")? {
            match self.key(key, &FLAG_KEYS)? {
                "key" => rule.key = Some(self.hydra_key(value)?),
                "type" => rule.ty = Some(self.ty(value)?),
                "mkdir" => {
                    change.mkdir = match (value.scalar(), value.text()) {
                        (Scalar::Bool(true), _) => Mkdir::Folder,
                        (Scalar::Bool(false), _) => Mkdir::No,
                        (_, Some("parent")) => Mkdir::Parent,
                        _ => return Err(self.error(value, "`mkdir` is true, false or parent")),
                    }
                }
                "empty" => change.drop_empty = self.choice(value, "empty", &["keep", "drop"])? == 1,
                "merge" => change.merge = self.truth(value, "merge")?,
                "secret" => change.secret = self.truth(value, "secret")?,
                "dollar" => {
                    change.allow_dollar = self.choice(value, "dollar", &["error", "allow"])? == 1;
                }
                "targets" => {
                    change.allow_targets = self.choice(value, "targets", &["error", "allow"])? == 1;
                }
                _ => {}
            }
        }
        Ok(rule)
    }

    /// A type by its name: `int`, `list[float]`, …
    fn ty(&self, node: &Node) -> Result<Type> {
        const NAMES: [&str; 9] =
            ["auto", "string", "path", "int", "float", "bool", "list", "dict", "hydra"];
        let written = self.text(node, "a type")?;
        let (outer, element) = match written.strip_suffix(']').and_then(|t| t.split_once('[')) {
            Some((outer, element)) => (outer, Some(element)),
            None => (written.as_str(), None),
        };
        // `dict[str, int]`: a dict's keys are always text.
        let element = match element.map(|e| e.rsplit(',').next().unwrap_or(e).trim()) {
            None => Some(Element::Any),
            Some("str" | "string") => Some(Element::Text),
            Some("int") => Some(Element::Int),
            Some("float") => Some(Element::Float),
            Some("bool") => Some(Element::Bool),
            Some(_) => None,
        };
        let plain = outer.len() == written.len();
        match (outer, element) {
            ("auto", _) if plain => Ok(Type::Auto),
            ("string" | "str", _) if plain => Ok(Type::Text),
            ("path", _) if plain => Ok(Type::Path),
            ("int", _) if plain => Ok(Type::Int),
            ("float", _) if plain => Ok(Type::Float),
            ("bool", _) if plain => Ok(Type::Bool),
            ("hydra", _) if plain => Ok(Type::Hydra),
            ("list", Some(element)) => Ok(Type::List(element)),
            ("dict", Some(element)) => Ok(Type::Dict(element)),
            _ => Err(self.unknown(node, "type", &written, &NAMES)),
        }
    }

    fn command(&self, node: &Node) -> Result<Vec<String>> {
        let words = match node.text() {
            Some(text) => shell_words::split(text).map_err(|error| {
                self.error(node, format!("`command` is no command line: {error}"))
            })?,
            None => self.texts(node, "command")?,
        };
        if words.is_empty() {
            return Err(self.error(node, "`command` is empty"));
        }
        Ok(words)
    }

    fn append(&self, node: &Node) -> Result<Vec<String>> {
        let texts = self.texts(node, "append")?;
        match texts.iter().find(|text| hydra::native_key(text).is_none()) {
            Some(text) => Err(self
                .error(node, format!("{} is no override", quote(text)))
                .help("append takes overrides as Hydra has them, as hydra.run.dir=/tmp/hydra")),
            None => Ok(texts),
        }
    }

    fn hydra_key(&self, node: &Node) -> Result<Key> {
        let text = self.text(node, "a key")?;
        Key::parse(&text).ok_or_else(|| {
            self.error(node, format!("{} is no key in Hydra's grammar", quote(&text))).help(
                "a key is a name or a dotted path, with + or ++ in front where it is to be added",
            )
        })
    }

    fn choice(&self, node: &Node, what: &str, choices: &[&str]) -> Result<usize> {
        let text = self.text(node, what)?;
        let found = choices.iter().position(|choice| *choice == text);
        found.ok_or_else(|| self.unknown(node, &format!("value of `{what}`"), &text, choices))
    }

    fn truth(&self, node: &Node, what: &str) -> Result<bool> {
        match node.scalar() {
            Scalar::Bool(truth) => Ok(truth),
            _ => Err(self.error(node, format!("`{what}` is true or false"))),
        }
    }

    fn text(&self, node: &Node, what: &str) -> Result<String> {
        let text = node.text().filter(|_| node.scalar() != Scalar::Null);
        text.map(str::to_owned)
            .ok_or_else(|| self.error(node, format!("{what} is text, not {}", node.describe())))
    }

    fn texts(&self, node: &Node, what: &str) -> Result<Vec<String>> {
        let items = node.items().ok_or_else(|| {
            self.error(node, format!("`{what}` is a list, not {}", node.describe()))
        })?;
        items.iter().map(|item| self.text(item, &format!("an element of `{what}`"))).collect()
    }

    fn mapping<'n>(&self, node: &'n Node, what: &str) -> Result<&'n [(Node, Node)]> {
        match node.entries() {
            Some(entries) => {
                let mut names = BTreeSet::new();
                for name in entries.iter().map(|(key, _)| key) {
                    if !names.insert(name.text()) {
                        let text = quote(name.text().unwrap_or_default());
                        return Err(self.error(name, format!("{text} is there twice")));
                    }
                }
                Ok(entries)
            }
            None if node.scalar() == Scalar::Null => Ok(&[]),
            None => {
                Err(self
                    .error(node, format!("{what}: expected a mapping, not {}", node.describe())))
            }
        }
    }

    fn key<'k>(&self, node: &Node, known: &[&'k str]) -> Result<&'k str> {
        let text = node.text().unwrap_or_default();
        let found = known.iter().find(|key| **key == text);
        found.copied().ok_or_else(|| self.unknown(node, "key", text, known))
    }

    fn unknown(&self, node: &Node, what: &str, text: &str, known: &[&str]) -> Error {
        self.error(node, format!("unknown {what} {}", quote(text))).help(known_words(
            text,
            known,
            "known are",
        ))
    }
}

/// A flag's name, written with its two dashes or without.
fn without_dashes(name: &str) -> String {
    name.strip_prefix("--").unwrap_or(name).to_owned()
}
