//! Names that are spelt alike: which one was probably meant, and which one certainly.
//!
//! Names of models and instance types differ by sizes, versions and families, and names of
//! annotations begin alike. So names are compared word by word: every number has to be the same,
//! words of one or two letters too, and each longer word may differ by a slip of the keyboard, but
//! not in its first letter.

/// The number of letters from which on a word may be misspelt in any way.
const LONG: usize = 4;

/// Words that turn the meaning of a name round.
const NEGATIONS: [&str; 3] = ["disable", "no", "not"];

/// The candidate that was probably meant; none if none is near enough, or if two are as near. Case
/// does not count.
///
/// ```
/// use kaito_render::base::similar::nearest;
///
/// let names = ["falcon-7b", "falcon-40b", "kaito.sh/enablelb"];
/// assert_eq!(nearest("falcn7b", names.into_iter()), Some("falcon-7b"));
/// assert_eq!(nearest("falcon-70b", names.into_iter()), None); // another size
/// assert_eq!(nearest("kaito.sh/runtime", names.into_iter()), None); // only the beginning is alike
/// ```
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = Name::new(wanted);
    let mut best: Option<(usize, &str)> = None;
    let mut is_tie = false;
    let mut longer = Vec::new();
    for candidate in candidates {
        let name = Name::new(candidate);
        if wanted.is_part_of(&name) {
            longer.push(candidate);
        }
        let Some(distance) = wanted.distance(&name) else {
            continue;
        };
        match best {
            Some((least, known)) if least < distance || known == candidate => {}
            Some((least, _)) if least == distance => is_tie = true,
            _ => (best, is_tie) = (Some((distance, candidate)), false),
        }
    }
    match best {
        Some((_, candidate)) => Some(candidate).filter(|_| !is_tie),
        None => shortest(&longer),
    }
}

/// The one candidate that was certainly meant: it differs only in case or by one slip of the
/// keyboard, and no other one does.
pub fn typo<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = Name::new(wanted);
    let wanted = wanted.to_lowercase();
    let mut near = candidates
        .filter(|candidate| strsim::osa_distance(&wanted, &candidate.to_lowercase()) <= 1);
    let only = near.next().filter(|_| near.next().is_none())?;
    name.distance(&Name::new(only)).map(|_| only)
}

/// The shortest of some names, if all others continue it.
fn shortest<'a>(names: &[&'a str]) -> Option<&'a str> {
    let shortest = names.iter().min_by_key(|name| name.len())?;
    let continues = |name: &&str| name.to_lowercase().starts_with(&shortest.to_lowercase());
    names.iter().all(continues).then_some(shortest)
}

/// A name in its words.
struct Name {
    /// In lower case.
    text: String,
    /// Runs of letters, in lower case.
    words: Vec<String>,
    /// Runs of digits.
    numbers: Vec<String>,
}

impl Name {
    fn new(name: &str) -> Self {
        let (mut words, mut numbers) = (Vec::<String>::new(), Vec::<String>::new());
        let mut before = None;
        for character in name.chars() {
            let runs = if character.is_numeric() {
                &mut numbers
            } else {
                &mut words
            };
            if character.is_alphanumeric() {
                if starts_word(before, character) {
                    runs.push(String::new());
                }
                if let Some(run) = runs.last_mut() {
                    run.extend(character.to_lowercase());
                }
            }
            before = Some(character);
        }
        Self {
            text: name.to_lowercase(),
            words,
            numbers,
        }
    }

    /// How many letters differ; none if the names are of different things.
    fn distance(&self, other: &Self) -> Option<usize> {
        if self.numbers != other.numbers {
            return None;
        }
        let letters = [self.words.concat(), other.words.concat()];
        if letters[0] == letters[1] {
            return Some(0);
        }
        if self.words.len() == other.words.len() {
            let distances = self.words.iter().zip(&other.words).map(|(word, other)| {
                let may_be_cut = self.words.len() > 1;
                word_distance(word, other, may_be_cut)
            });
            let total = distances.sum::<Option<usize>>()?;
            return (total <= 3).then_some(total);
        }
        let is_slip = strsim::osa_distance(&letters[0], &letters[1]) <= 1;
        (is_slip && self.numbers.is_empty() && letters[0].len() >= 2 * LONG).then_some(1)
    }

    /// Whether another name says more at its end, or before a `/`, `_` or `-` at its beginning, and
    /// not more than this one does.
    fn is_part_of(&self, other: &Self) -> bool {
        let (wanted, name) = (self.text.as_str(), other.text.as_str());
        // What stands before the last `/` is alike in all.
        let own = |name: &str| name.len() - name.rfind('/').map_or(0, |at| at + 1);
        let is_half = 2 * own(wanted) >= own(name);
        if let Some(rest) = name.strip_prefix(wanted) {
            let ends_word = rest.starts_with(|it: char| !it.is_alphanumeric())
                || wanted.ends_with(|it: char| it.is_numeric())
                    && rest.starts_with(char::is_alphabetic);
            let says_no_size = !rest.contains(char::is_numeric) || self.numbers.len() > 1;
            return ends_word && says_no_size && is_half;
        }
        let Some(rest) = name.strip_suffix(wanted) else {
            return false;
        };
        let is_negated = NEGATIONS.iter().any(|word| rest.starts_with(word));
        rest.ends_with('/') || rest.ends_with(['_', '-']) && is_half && !is_negated
    }
}

/// Whether a character begins a word, by the one before it: `label`, `Selector`, `24`, `ads`.
fn starts_word(before: Option<char>, character: char) -> bool {
    before.is_none_or(|before| {
        !before.is_alphanumeric()
            || before.is_numeric() != character.is_numeric()
            || before.is_lowercase() && character.is_uppercase()
    })
}

/// How many letters of a word differ; none if it is another word. A word may be cut short where
/// there are others beside it.
fn word_distance(word: &str, other: &str, may_be_cut: bool) -> Option<usize> {
    if word == other {
        return Some(0);
    }
    let (word, other) = if word.len() <= other.len() {
        (word, other)
    } else {
        (other, word)
    };
    if word.len() < LONG - 1 {
        return None;
    }
    if may_be_cut && other.starts_with(word) {
        return Some(1);
    }
    let begins = |word: &str| word.chars().take(2).collect::<Vec<_>>();
    let (first, second) = (begins(word), begins(other));
    let is_same_beginning = first.first() == second.first() || first.iter().rev().eq(second.iter());
    if !is_same_beginning {
        return None;
    }
    let distance = strsim::osa_distance(word, other);
    let is_other = if word.len() < LONG {
        distance > 1 || word.len() == other.len() && !is_mixed_up(word, other)
    } else {
        distance > word.len() / LONG
    };
    (!is_other).then_some(distance)
}

/// Whether two words have the same letters.
fn is_mixed_up(word: &str, other: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<_> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(word) == sorted(other)
}

#[cfg(test)]
mod tests {
    use super::{nearest, typo};

    #[test]
    fn only_near_names_are_offered() {
        let names = ["falcon-7b", "falcon-40b", "phi-2"];
        assert_eq!(nearest("Falcon7b", names.into_iter()), Some("falcon-7b"));
        assert_eq!(nearest("whisper", names.into_iter()), None);
    }

    #[test]
    fn of_two_that_are_as_near_none_is_offered() {
        let near = |name, names: &[&'static str]| nearest(name, names.iter().copied());
        assert_eq!(near("imagePukSecret", &["imagePullSecret"]), None);
        assert_eq!(near("matchX", &["matchA", "matchB"]), None);
        assert_eq!(
            near("phi-3-mini", &["phi-3-mini-4k", "phi-3-mini-128k"]),
            None
        );
        let known = ["llama-3.1-8b", "llama-3.1-8b-instruct"];
        assert_eq!(near("llama-3.1", &known), Some("llama-3.1-8b"));
        assert_eq!(near("benchmark", &["disable-benchmark"]), None);
    }

    #[test]
    fn only_one_slip_is_certain() {
        let names = ["falcon-7b", "falcon-70b", "phi-2"];
        for (wanted, meant) in [
            ("Phi-2", Some("phi-2")),
            ("ph-i2", Some("phi-2")),
            ("falcno-7b", Some("falcon-7b")),
            ("falcon-8b", None),
            ("phi_3", None),
        ] {
            assert_eq!(typo(wanted, names.into_iter()), meant, "{wanted}");
        }
        assert_eq!(
            typo("falcon-7-b", ["falcon-7b", "falcon-7-c"].into_iter()),
            None,
            "two are as near"
        );
    }
}
