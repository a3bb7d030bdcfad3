//! `hydra-shim.yaml`: what a team says about its flags. Pure; [`crate::project`] finds and reads
//! the file.

use crate::command_line::App;
use crate::declarations::{Arity, Declarations, Flag, Mkdir, Source, same_name};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, Key};
use crate::names;
use crate::nearest::known_words;
use crate::value::Type;
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

/// An entry of `flags`: what it leaves open comes from the next entry for that flag, and then from
/// the component. The fields are [`Flag`]'s.
#[derive(Clone, Debug, Default)]
struct RuleFlag {
    name: String,
    key: Option<Key>,
    ty: Option<Type>,
    mkdir: Option<Mkdir>,
    drop_empty: Option<bool>,
    merge: Option<bool>,
    secret: Option<bool>,
    allow_dollar: Option<bool>,
    allow_targets: Option<bool>,
    source: String,
}

/// The keys of a file.
const KEYS: [&str; 9] =
    ["command", "component", "dashes", "unknown", "flags", "drop", "env", "append", "apps"];

/// The keys of one of its `apps`: it is the command that tells which of them holds.
const APP_KEYS: [&str; 7] = ["component", "dashes", "unknown", "flags", "drop", "env", "append"];

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
        let mut rules = Self { layer: reader.layer(root, &KEYS)?, apps: Vec::new() };
        if let Some(apps) = root.get("apps") {
            for (name, layer) in reader.mapping(apps, "apps")? {
                let text = reader.text(name, "an app's name")?;
                rules.apps.push((text, reader.layer(layer, &APP_KEYS)?));
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
            command: general.command,
            component: own.component.or(general.component),
            underscores: own.underscores.or(general.underscores),
            closed: own.closed.or(general.closed),
            flags: [own.flags, general.flags].concat(),
            drop: own.drop.or(general.drop),
            env: [own.env, general.env].concat(),
            append: own.append.or(general.append),
        }
    }

    /// Whether a rules file's root names `app`, in `apps` or as the script of its `command`. Mistakes
    /// elsewhere do not count: who is named is told of them, and does not run without its rules.
    pub fn names(root: &Node, app: &App) -> bool {
        let reader = Reader { file: "" };
        let command = root.get("command").and_then(|node| reader.command(node).ok());
        let by_command = command.is_some_and(|command| match App::of(command) {
            App::Script(path) => app.is_named(&path),
            App::Unknown => false,
            other => other == *app,
        });
        let mut apps = root.get("apps").and_then(Node::entries).unwrap_or_default().iter();
        by_command || apps.any(|(name, _)| name.text().is_some_and(|name| app.is_named(name)))
    }
}

impl Layer {
    /// The type that the rules give the flag `name`, without dashes.
    pub fn declared_type(&self, name: &str) -> Option<Type> {
        let typed = || self.flags.iter().filter(|rule| rule.ty.is_some());
        let exact = typed().find(|rule| rule.name == name);
        exact.or_else(|| typed().find(|rule| same_name(&rule.name, name)))?.ty.clone()
    }

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
        let mut flag = Flag::new(&self.name, Key::existing(name), Type::Auto, self.source.as_str());
        self.apply(&mut flag);
        flag
    }

    fn apply(&self, flag: &mut Flag) {
        replace(&mut flag.key, self.key.as_ref());
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
            flag.source = Source::from(self.source.as_str());
        }
        replace(&mut flag.mkdir, self.mkdir.as_ref());
        replace(&mut flag.drop_empty, self.drop_empty.as_ref());
        replace(&mut flag.merge, self.merge.as_ref());
        replace(&mut flag.secret, self.secret.as_ref());
        replace(&mut flag.allow_dollar, self.allow_dollar.as_ref());
        replace(&mut flag.allow_targets, self.allow_targets.as_ref());
    }
}

fn replace<T: Clone>(target: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        target.clone_from(value);
    }
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn error(&self, node: &Node, message: impl AsRef<str>) -> Error {
        Error::at(self.file, (node.line, node.column), message)
    }

    fn layer(&self, node: &Node, known: &[&'static str]) -> Result<Layer> {
        let mut layer = Layer::default();
        for (key, value) in self.mapping(node, "the rules")? {
            let name = self.key(key, known)?;
            match name {
                "command" => layer.command = Some(self.command(value)?),
                "component" => layer.component = Some(self.text(value, name)?),
                "dashes" => {
                    layer.underscores = Some(self.second(value, name, ["keep", "underscore"])?);
                }
                "unknown" => layer.closed = Some(self.second(value, name, ["pass", "error"])?),
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
        let text = without_dashes(&self.text(name, "a flag's name")?);
        if text.is_empty() || text.starts_with('-') || text.contains([' ', '=']) {
            return Err(self.error(name, format!("{} is no flag's name", quote(&text))));
        }
        let mut rule = RuleFlag { name: text, source, ..RuleFlag::default() };
        if value.text().is_some() {
            rule.key = Some(self.hydra_key(value)?);
            return Ok(rule);
        }
        for (key, value) in self.mapping(value, "a flag")? {
            let name = self.key(key, &FLAG_KEYS)?;
            match name {
                "key" => rule.key = Some(self.hydra_key(value)?),
                "type" => rule.ty = Some(self.ty(value)?),
                "mkdir" => rule.mkdir = Some(self.mkdir(value)?),
                "empty" => rule.drop_empty = Some(self.second(value, name, ["keep", "drop"])?),
                "merge" => rule.merge = Some(self.truth(value, name)?),
                "secret" => rule.secret = Some(self.truth(value, name)?),
                "dollar" => {
                    rule.allow_dollar = Some(self.second(value, name, ["error", "allow"])?);
                }
                "targets" => {
                    rule.allow_targets = Some(self.second(value, name, ["error", "allow"])?);
                }
                _ => {}
            }
        }
        match &rule.ty {
            Some(ty) if rule.mkdir.is_some() && !matches!(ty, Type::Path | Type::Text) => {
                Err(self.error(value, format!("`mkdir` is for a path, not for the type {ty}")))
            }
            Some(ty) if rule.merge.is_some() && !matches!(ty, Type::Dict(_)) => {
                Err(self.error(value, format!("`merge` is for a dict, not for the type {ty}")))
            }
            _ => Ok(rule),
        }
    }

    fn mkdir(&self, node: &Node) -> Result<Mkdir> {
        match (node.scalar(), node.text()) {
            (Scalar::Bool(true), _) => Ok(Mkdir::Folder),
            (Scalar::Bool(false), _) => Ok(Mkdir::No),
            (_, Some("parent")) => Ok(Mkdir::Parent),
            _ => Err(self.error(node, "`mkdir` is true, false or parent")),
        }
    }

    /// A type by its name: `int`, `list[float]`, `dict[str, int]`, …
    fn ty(&self, node: &Node) -> Result<Type> {
        let written = self.text(node, "a type")?;
        Type::named(&written).ok_or_else(|| self.unknown(node, "type", &written, &Type::NAMES))
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

    /// Whether it is the second of the two words that it may be.
    fn second(&self, node: &Node, what: &str, choices: [&str; 2]) -> Result<bool> {
        let text = self.text(node, what)?;
        let found = choices.iter().position(|choice| *choice == text);
        found
            .map(|index| index == 1)
            .ok_or_else(|| self.unknown(node, &format!("value of `{what}`"), &text, &choices))
    }

    fn truth(&self, node: &Node, what: &str) -> Result<bool> {
        match node.scalar() {
            Scalar::Bool(truth) => Ok(truth),
            _ => Err(self.error(node, format!("`{what}` is true or false"))),
        }
    }

    fn text(&self, node: &Node, what: &str) -> Result<String> {
        let null = node.scalar() == Scalar::Null;
        let found = if null { "null" } else { node.describe() };
        node.text()
            .filter(|_| !null)
            .map(str::to_owned)
            .ok_or_else(|| self.error(node, format!("{what} is text, not {found}")))
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
                let names: Vec<&str> = entries.iter().filter_map(|(key, _)| key.text()).collect();
                match names::repeated(&names).and_then(|(again, _)| entries.get(again)) {
                    Some((key, _)) => {
                        let name = quote(key.text().unwrap_or_default());
                        Err(self.error(key, format!("{name} is there twice")))
                    }
                    None => Ok(entries),
                }
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
