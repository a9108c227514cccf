//! An index of objects by what they refer to, so that finding the objects of one Workspace costs
//! the same among ten objects and among a hundred thousand.
//!
//! Uses nothing else of this crate. [`super::objects`] says by which keys each kind is found;
//! [`super::observed`] and the controller's store look objects up.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// Identifies an object of the cluster. The API group is left out: no two of the kinds that are
/// watched share a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The kind, such as `NodeClaim`.
    pub kind: String,
    /// The namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// The name, unique among objects of the kind in the namespace.
    pub name: String,
}

/// Identifies an object of a kind that is known from the context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamespacedName {
    /// The namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// The name, unique among objects of the kind in the namespace.
    pub name: String,
}

/// What an object is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKey {
    /// An object that a Workspace was rendered into.
    Object(ObjectKey),
    /// The Workspace that an object was rendered for.
    Owner(NamespacedName),
    /// The `NodePool` that created a `NodeClaim`.
    Pool(String),
    /// The node that a node object became.
    Node(String),
    /// A label: its key and its value.
    Label(String, String),
}

/// An object that an [`Index`] can hold.
pub trait Indexed {
    /// Every key by which the object is found.
    fn index_keys(&self) -> Vec<IndexKey>;
}

/// Objects by their primary key `K`, and by each [`IndexKey`] that they have.
#[derive(Debug)]
pub struct Index<K, V> {
    objects: BTreeMap<K, V>,
    keys: BTreeMap<IndexKey, BTreeSet<K>>,
}

impl ObjectKey {
    /// The key of an object; `namespace` is empty for a cluster-scoped one.
    #[must_use]
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl NamespacedName {
    /// The name of an object; `namespace` is empty for a cluster-scoped one.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
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
    /// Adds an object, and replaces the one that has the same primary key.
    pub fn insert(&mut self, key: K, object: V) {
        self.remove(&key);
        for index_key in object.index_keys() {
            self.keys.entry(index_key).or_default().insert(key.clone());
        }
        self.objects.insert(key, object);
    }

    /// Removes an object and returns it.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let object = self.objects.remove(key)?;
        for index_key in object.index_keys() {
            if let Some(keys) = self.keys.get_mut(&index_key) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys.remove(&index_key);
                }
            }
        }
        Some(object)
    }

    /// The object with a primary key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.objects.get(key)
    }

    /// The primary keys of all objects, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.objects.keys()
    }

    /// The objects that have an index key, in the order of their primary keys.
    pub fn under<'a>(
        &'a self,
        index_key: &IndexKey,
    ) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        let keys = self.keys.get(index_key).into_iter().flatten();
        keys.filter_map(|key| self.objects.get_key_value(key))
    }

    /// How many objects have an index key.
    #[must_use]
    pub fn count(&self, index_key: &IndexKey) -> usize {
        self.keys.get(index_key).map_or(0, BTreeSet::len)
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, IndexKey, Indexed};

    struct Labelled(&'static [&'static str]);

    impl Indexed for Labelled {
        fn index_keys(&self) -> Vec<IndexKey> {
            self.0.iter().map(|name| label(name)).collect()
        }
    }

    fn label(name: &str) -> IndexKey {
        IndexKey::Label(name.to_owned(), String::new())
    }

    #[test]
    fn an_object_is_found_by_its_present_keys() {
        let mut index = Index::from_iter([(1, Labelled(&["a", "b"])), (2, Labelled(&["b"]))]);
        let found = |index: &Index<u8, Labelled>, name: &str| {
            let found = index.under(&label(name)).map(|(key, _)| *key);
            let found: Vec<_> = found.collect();
            assert_eq!(index.count(&label(name)), found.len());
            found
        };
        assert_eq!(found(&index, "a"), [1]);
        assert_eq!(found(&index, "b"), [1, 2]);

        index.insert(1, Labelled(&["c"]));
        assert!(found(&index, "a").is_empty());
        assert_eq!(found(&index, "b"), [2]);
        assert_eq!(found(&index, "c"), [1]);

        assert!(index.remove(&2).is_some());
        assert!(index.remove(&2).is_none());
        assert!(found(&index, "b").is_empty());
        assert_eq!(index.keys().copied().collect::<Vec<_>>(), [1]);
        assert!(index.get(&1).is_some());
        assert_eq!(
            index.keys.len(),
            1,
            "no index key is kept without an object"
        );
    }
}
