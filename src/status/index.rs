//! Objects that are found by what they carry, so that finding those of one Workspace costs the same
//! among few and among many.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// Kind, namespace and name; the namespace of a cluster-scoped object is empty.
pub type Key = (String, String, String);

/// What an object is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKey {
    /// An object that it names.
    Object(Key),
    /// The Workspace that it was made for: namespace and name.
    Owner(String, String),
    /// The `NodePool` that it is of.
    Pool(String),
    /// The node that it has become.
    Node(String),
    /// A label.
    Label(String, String),
}

/// What an index holds.
pub trait Indexed {
    /// All that it is to be found by.
    fn index_keys(&self) -> Vec<IndexKey>;
}

/// Objects by key and by term.
#[derive(Debug)]
pub struct Index<K, V> {
    objects: BTreeMap<K, V>,
    keys: BTreeMap<IndexKey, BTreeSet<K>>,
}

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone, V: Indexed> FromIterator<(K, V)> for Index<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(objects: I) -> Self {
        let mut index = Self::default();
        for (key, object) in objects {
            index.insert(key, object);
        }
        index
    }
}

impl<K: Ord + Clone, V: Indexed> Index<K, V> {
    /// Takes in an object, in the place of the one that has its key.
    pub fn insert(&mut self, key: K, object: V) {
        self.remove(&key);
        for term in object.index_keys() {
            self.keys.entry(term).or_default().insert(key.clone());
        }
        self.objects.insert(key, object);
    }

    /// Forgets an object.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let object = self.objects.remove(key)?;
        for term in object.index_keys() {
            if let Some(keys) = self.keys.get_mut(&term) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys.remove(&term);
                }
            }
        }
        Some(object)
    }

    /// The object of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.objects.get(key)
    }

    /// The keys of all objects, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.objects.keys()
    }

    /// The objects of a term, by their keys.
    pub fn under<'a>(
        &'a self,
        term: &IndexKey,
    ) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        let keys = self.keys.get(term).into_iter().flatten();
        keys.filter_map(|key| self.objects.get_key_value(key))
    }

    /// How many objects a term has.
    #[must_use]
    pub fn count(&self, term: &IndexKey) -> usize {
        self.keys.get(term).map_or(0, BTreeSet::len)
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, IndexKey, Indexed};

    struct Labelled(&'static [&'static str]);

    impl Indexed for Labelled {
        fn index_keys(&self) -> Vec<IndexKey> {
            self.0.iter().map(|label| term(label)).collect()
        }
    }

    fn term(label: &str) -> IndexKey {
        IndexKey::Label(label.to_owned(), String::new())
    }

    #[test]
    fn an_object_is_found_by_what_it_carries_now() {
        let mut index = Index::from_iter([(1, Labelled(&["a", "b"])), (2, Labelled(&["b"]))]);
        let found = |index: &Index<u8, Labelled>, label: &str| {
            assert_eq!(index.count(&term(label)), index.under(&term(label)).count());
            index
                .under(&term(label))
                .map(|(key, _)| *key)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (found(&index, "a"), found(&index, "b")),
            (vec![1], vec![1, 2])
        );
        index.insert(1, Labelled(&["c"]));
        assert_eq!(
            (found(&index, "a"), found(&index, "b"), found(&index, "c")),
            (vec![], vec![2], vec![1])
        );
        assert!(index.remove(&2).is_some() && index.remove(&2).is_none());
        assert_eq!(
            (
                found(&index, "b"),
                index.keys().copied().collect::<Vec<_>>()
            ),
            (vec![], vec![1])
        );
        assert!(
            index.get(&1).is_some() && index.keys.len() == 1,
            "no term is kept without an object"
        );
    }
}
