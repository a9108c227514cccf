//! The ConfigMaps that a Workspace names: the settings of a server and the parameters of a training.
//! Both families of models use it.

mod flag_names;
mod flag_values;
mod output_dir;
pub(super) mod server_config;
mod server_flags;
pub(super) mod training_config;
