//! Tables on stdout.

use kaito_render::base::shown::{Terminal, one_line};

pub(super) type Row = Vec<String>;

/// The rows with columns as wide as their widest cell.
pub(super) fn aligned(rows: &[Row]) -> Terminal {
    let mut out = Terminal::default();
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = one_line(cell).chars().count().max(*width);
        }
    }
    for row in rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{:width$}", one_line(cell)))
            .collect();
        out.text(cells.join("   ").trim_end()).end();
    }
    out
}
