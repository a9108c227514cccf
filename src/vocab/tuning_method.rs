//! The methods of fine-tuning.

/// How a model is fine-tuned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TuningMethod {
    /// Low-rank adaptation: small matrices are trained beside the frozen weights.
    Lora,
    /// The same, of a model whose weights are quantised to 4 bits.
    Qlora,
}

impl TuningMethod {
    /// All methods that KAITO can train by.
    pub const ALL: [Self; 2] = [Self::Lora, Self::Qlora];

    /// The name as a Workspace writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lora => "lora",
            Self::Qlora => "qlora",
        }
    }

    /// The method of a name, in any letter case.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let mut methods = Self::ALL.into_iter();
        methods.find(|method| method.name().eq_ignore_ascii_case(name))
    }
}
