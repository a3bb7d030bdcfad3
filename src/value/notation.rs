//! Python's notation of what a JSON document holds, `['a', True, None]`, as JSON.

use std::str::Chars;

/// The value that `text` starts with as JSON, up to a comma outside of brackets, and the rest. JSON stays as it
/// is, and so does what is neither: its reader refuses it.
pub fn as_json(text: &str) -> Option<(String, &str)> {
    let (mut json, mut depth, mut chars) = (String::new(), 0_usize, text.chars());
    loop {
        let rest = chars.as_str();
        match chars.next() {
            None => return Some((json, rest)),
            Some(',') if depth == 0 => return Some((json, rest)),
            Some(quote @ ('\'' | '"')) => json.push_str(&string(&mut chars, quote)?),
            Some('T') => json.push('t'),
            Some('F') => json.push('f'),
            Some('N') if rest.starts_with("None") => {
                json.push_str("null");
                chars.nth(2);
            }
            Some(c) => {
                json.push(c);
                depth = match c {
                    '[' | '{' => depth + 1,
                    ']' | '}' => depth.checked_sub(1)?,
                    _ => depth,
                };
            }
        }
    }
}

/// The string that `chars` goes on with, up to the `quote` that ends it, in JSON. Most escapes are alike.
fn string(chars: &mut Chars, quote: char) -> Option<String> {
    let mut json = String::from('"');
    loop {
        match chars.next()? {
            c if c == quote => return Some(json + "\""),
            '"' => json.push_str("\\\""),
            '\\' => match chars.next()? {
                '\'' => json.push('\''),
                'x' => json.push_str("\\u00"),
                'U' => {
                    let (code, rest) = chars.as_str().split_at_checked(8)?;
                    json.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                    *chars = rest.chars();
                }
                alike => json.extend(['\\', alike]),
            },
            c => json.push(c),
        }
    }
}
