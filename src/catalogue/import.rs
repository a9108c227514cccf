//! A preset of a model that is in no catalogue, made of what Hugging Face says about it.
//!
//! The rules are those by which KAITO 0.12 looks at a model when a Workspace names it (its
//! specification, §4.12). Here nothing is fetched: a person saves what the hub answers, and the
//! preset is a file that can be reviewed.

use serde::Deserialize;
use serde_json::Value;

use crate::base::quantity;
use crate::base::wording;
use crate::catalogue::preset::{
    Flags, HubModel, ImportRules, ModelConfig, Parsers, VllmPreset, WeightsQuantization,
};

const TOKEN_LIMITS: [&str; 6] = [
    "max_position_embeddings",
    "n_ctx",
    "seq_length",
    "max_seq_len",
    "max_sequence_length",
    "model_max_length",
];

/// What Hugging Face says about a model.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The name of the repository, `<owner>/<model>`.
    pub name: &'a str,
    /// `config.json`, or `params.json` where there is no other.
    pub config: &'a str,
    /// The answer of `/api/models/<name>/tree/main?recursive=true`: a JSON list of files.
    pub files: &'a str,
}

/// A file of a repository.
#[derive(Debug, Deserialize)]
struct File {
    path: String,
    #[serde(default)]
    size: u64,
}

/// Makes a preset.
///
/// # Errors
///
/// In words for people, if the facts can't be read, or vLLM can't serve the model.
pub fn preset(facts: &Facts, rules: &ImportRules) -> Result<HubModel, String> {
    if !is_repository(facts.name) {
        return Err(format!(
            "`{}` is no repository: write `<owner>/<model>`",
            facts.name
        ));
    }
    let files: Vec<File> = serde_json::from_str(facts.files).map_err(|error| {
        format!("the list of files is not what `/api/models/{}/tree/main?recursive=true` answers: {error}", facts.name)
    })?;
    let config = config(facts.config)?;
    let name = facts
        .name
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let architectures = architectures(&config, &name, rules)?;
    let weights = weights(&files)?;
    let quantization = config["quantization_config"]["quant_method"]
        .as_str()
        .map(|method| WeightsQuantization {
            method: method.to_owned(),
            bits: number(&config["quantization_config"], &["bits"])
                .and_then(|bits| u32::try_from(bits).ok()),
        });
    Ok(HubModel {
        name: facts.name.to_owned(),
        license: None,
        gated: false,
        weights: gibibytes(weights.bytes)?,
        context_length: number(&config, &TOKEN_LIMITS).unwrap_or(2048),
        quantization,
        config: numbers(&config),
        vllm: VllmPreset {
            flags: flags(&name, &architectures, weights.is_consolidated, rules),
            deep_gemm: any(&architectures, &rules.deep_gemm),
            cuda_toolkit: any(&architectures, &rules.cuda_toolkit.architectures)
                || rules.cuda_toolkit.models.contains(&name),
        },
        architectures,
        transformers: None,
        tuning: None,
    })
}

fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && part.bytes().all(is_plain) && !part.starts_with('.')
    };
    name.split_once('/')
        .is_some_and(|(owner, model)| is_part(owner) && is_part(model))
}

/// Reads config.json; fields of the language part of a multimodal model are read as fields of the
/// whole.
fn config(text: &str) -> Result<Value, String> {
    let mut config: Value = serde_json::from_str(&without_non_finite(text))
        .map_err(|error| format!("the config is no JSON: {error}"))?;
    if !config.is_object() {
        return Err("the config is no JSON object".to_owned());
    }
    let part = ["text_config", "llm_config"]
        .into_iter()
        .find_map(|part| config[part].as_object().cloned());
    for (key, value) in part.into_iter().flatten() {
        if config[&key].is_null() {
            config[&key] = value;
        }
    }
    Ok(config)
}

/// Puts null in the place of NaN and infinity, which Python writes and JSON does not have.
fn without_non_finite(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            string_length(rest)
        } else {
            first.len_utf8()
        };
        let word = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        let (taken, length) = word.map_or((&rest[..length], length), |word| ("null", word.len()));
        kept += taken;
        rest = &rest[length..];
    }
    kept
}

/// The bytes of the string that a text begins with, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

fn architectures(config: &Value, name: &str, rules: &ImportRules) -> Result<Vec<String>, String> {
    let written = config["architectures"].as_array().into_iter().flatten();
    let mut architectures: Vec<_> = written
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if architectures.is_empty() {
        architectures.extend(longest(name, rules.architecture_of.iter()).cloned());
    }
    if architectures.is_empty() || any(&architectures, &rules.architectures) {
        return Ok(architectures);
    }
    let names: Vec<_> = architectures
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    Err(format!(
        "vLLM of this release serves no model of the architecture {}",
        wording::and(&names)
    ))
}

fn any(architectures: &[String], known: &[String]) -> bool {
    architectures
        .iter()
        .any(|architecture| known.contains(architecture))
}

/// The files that vLLM loads.
struct Weights {
    bytes: u64,
    /// Whether they are laid out as Mistral does.
    is_consolidated: bool,
}

/// Adds up the files that hold weights. As in KAITO, whatever has such an ending in its path
/// counts.
fn weights(files: &[File]) -> Result<Weights, String> {
    let is_consolidated = |path: &str| {
        path.split_once("consolidated")
            .is_some_and(|(_, behind)| behind.contains(".safetensors"))
    };
    let is_safe = |path: &str| path.contains(".safetensors");
    let is_bin = |path: &str| path.contains(".bin");
    let found = sum(files, is_consolidated).map(|bytes| Weights {
        bytes,
        is_consolidated: true,
    });
    let other = || sum(files, is_safe).or_else(|| sum(files, is_bin));
    let found = found.or_else(|| {
        other().map(|bytes| Weights {
            bytes,
            is_consolidated: false,
        })
    });
    found.ok_or_else(|| {
        "the list of files has no weights: no `.safetensors` and no `.bin`".to_owned()
    })
}

/// The size of the files that count; none if there are none.
fn sum(files: &[File], is_counted: impl Fn(&str) -> bool) -> Option<u64> {
    let sizes = files
        .iter()
        .filter(|file| is_counted(&file.path))
        .map(|file| file.size);
    sizes.reduce(u64::saturating_add)
}

/// Bytes as GiB with two decimals, as the memory of a preset is written.
#[expect(clippy::cast_precision_loss, reason = "two decimals are kept")]
fn gibibytes(bytes: u64) -> Result<String, String> {
    let text = format!("{:.2}Gi", bytes as f64 / f64::from(quantity::GIB));
    if text == "0.00Gi" || text.len() > "999999.99Gi".len() {
        return Err(format!(
            "the weights have {bytes} bytes, which can't be right"
        ));
    }
    Ok(text)
}

fn numbers(config: &Value) -> ModelConfig {
    let is_shared = config["multi_query"] == true;
    let of = |names: &[&str]| number(config, names);
    let key_value_heads = of(&["num_key_value_heads", "n_head_kv", "n_kv_heads"]);
    ModelConfig {
        hidden_size: of(&["hidden_size", "n_embd", "d_model", "dim"]),
        layers: of(&["num_hidden_layers", "n_layer", "n_layers"]).unwrap_or(0),
        attention_heads: of(&["num_attention_heads", "n_head", "n_heads"]).unwrap_or(0),
        key_value_heads: key_value_heads.or(is_shared.then_some(1)),
        head_dim: of(&["head_dim", "attention_head_dim"]),
        kv_lora_rank: of(&["kv_lora_rank"]),
        qk_rope_head_dim: of(&["qk_rope_head_dim"]),
    }
}

/// The first of some fields that is a number above 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers from 1 to 2^53"
)]
fn number(config: &Value, names: &[&str]) -> Option<u64> {
    let numbers = names.iter().filter_map(|name| config[name].as_f64());
    numbers
        .map(f64::trunc)
        .find(|number| (1.0..=9_007_199_254_740_992.0).contains(number))
        .map(|number| number as u64)
}

fn flags(
    name: &str,
    architectures: &[String],
    is_consolidated: bool,
    rules: &ImportRules,
) -> Flags {
    let mut flags = Flags::new();
    let mut set =
        |flag: &str, value: Option<&str>| flags.insert(flag.to_owned(), value.map(str::to_owned));
    if is_consolidated {
        for flag in ["load_format", "config_format", "tokenizer_mode"] {
            set(flag, Some("mistral"));
        }
    }
    if let Some(parser) = parser(name, architectures, &rules.tool_call_parser) {
        set("tool-call-parser", Some(parser));
        set("enable-auto-tool-choice", None);
    }
    if let Some(parser) = parser(name, architectures, &rules.reasoning_parser) {
        set("reasoning-parser", Some(parser));
    }
    for (flag, values) in &rules.flags {
        if let Some(value) = longest(name, values.iter()) {
            set(flag, value.as_deref());
        }
    }
    if any(architectures, &rules.no_cpu_cache) {
        set("kaito-kv-cache-cpu-memory-utilization", Some("0"));
    }
    flags
}

fn parser<'a>(name: &str, architectures: &[String], parsers: &'a Parsers) -> Option<&'a str> {
    if parsers.except.iter().any(|model| model == name) {
        return None;
    }
    let by_architecture = || {
        architectures
            .iter()
            .find_map(|architecture| parsers.architectures.get(architecture))
    };
    longest(name, parsers.prefixes.iter())
        .or_else(by_architecture)
        .map(String::as_str)
}

/// The value of the longest prefix of a name.
fn longest<'a, T>(
    name: &str,
    prefixes: impl Iterator<Item = (&'a String, &'a T)>,
) -> Option<&'a T> {
    let fitting = prefixes.filter(|(prefix, _)| name.starts_with(prefix.as_str()));
    fitting
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::{Facts, preset, without_non_finite};
    use crate::catalogue::library::Library;
    use crate::catalogue::preset::{HubModel, ImportRules};
    use crate::catalogue::release::Release;
    use crate::session::Session;

    fn rules() -> ImportRules {
        let library = Library::embedded();
        let mut session = Session::default();
        Release::load(&library, "0.12", &mut session)
            .unwrap()
            .import_rules(&mut session)
            .unwrap()
    }

    #[test]
    fn what_json_does_not_have_becomes_null() {
        let text = r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" Infinity", "é": 1}"#;
        let expected = r#"{"a": null, "b": [null, null], "c": "NaN \" Infinity", "é": 1}"#;
        assert_eq!(without_non_finite(text), expected);
    }

    /// The catalogue says of its own models what importing them would.
    #[test]
    fn the_catalogue_follows_the_rules() {
        let library = Library::embedded();
        let mut session = Session::default();
        let mut release = Release::load(&library, "0.12", &mut session).unwrap();
        let rules = release.import_rules(&mut session).unwrap();
        release.load_models(&mut session);
        let names = release.model_names();
        assert!(!names.is_empty());
        for name in names {
            let model = release.hub_model(name).unwrap().unwrap();
            assert_eq!(model.repository(), name);
            let imported = imported(model, &rules);
            let sorted = |model: &HubModel| {
                let mut flags: Vec<_> = model.vllm.flags.clone().into_iter().collect();
                flags.sort();
                flags
            };
            assert_eq!(sorted(&imported), sorted(model), "{name}");
            let needs = |model: &HubModel| {
                (
                    model.vllm.deep_gemm,
                    model.vllm.cuda_toolkit,
                    model.weights.clone(),
                )
            };
            assert_eq!(needs(&imported), needs(model), "{name}");
        }
    }

    /// A model of the catalogue as the hub would tell of it, and imported again.
    fn imported(model: &HubModel, rules: &ImportRules) -> HubModel {
        let config =
            serde_json::json!({"architectures": model.architectures, "max_position_embeddings": 1})
                .to_string();
        let is_consolidated = model.vllm.flags.get("load_format").is_some();
        let file = if is_consolidated {
            "consolidated.safetensors"
        } else {
            "model.safetensors"
        };
        let files = serde_json::json!([{"path": file, "size": model.weights_bytes()}]).to_string();
        preset(
            &Facts {
                name: &model.name,
                config: &config,
                files: &files,
            },
            rules,
        )
        .unwrap()
    }

    #[test]
    fn facts_that_can_not_be_right_are_refused() {
        let rules = rules();
        let (config, files) = (
            r#"{"architectures": ["LlamaForCausalLM"]}"#,
            r#"[{"path": "a.bin", "size": 100000000}]"#,
        );
        assert!(
            preset(
                &Facts {
                    name: "a/b",
                    config,
                    files
                },
                &rules
            )
            .is_ok()
        );
        for (name, config, files) in [
            ("b", config, files),
            ("../b", config, files),
            ("a/b/c", config, files),
            ("a/b", "[]", files),
            ("a/b", "{", files),
            ("a/b", r#"{"architectures": ["Nope"]}"#, files),
            ("a/b", config, "[]"),
            ("a/b", config, "{}"),
            ("a/b", config, r#"[{"path": "a.bin", "size": 1}]"#),
        ] {
            assert!(
                preset(
                    &Facts {
                        name,
                        config,
                        files
                    },
                    &rules
                )
                .is_err(),
                "{name} {config} {files}"
            );
        }
    }
}
