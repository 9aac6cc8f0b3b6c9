package engine

import (
	"container/list"
	"sync"
)

// Cache keeps values up to a total cost, and drops those first that were not used for longest. The
// one that was added last stays however much it costs. Its methods may be called concurrently.
type Cache[K comparable, V any] struct {
	limit int64

	mu    sync.Mutex
	cost  int64
	order list.List // of *cached[K, V], last used first
	byKey map[K]*list.Element
}

type cached[K comparable, V any] struct {
	key   K
	value V
	cost  int64
}

// NewCache makes a Cache for values of this cost in all.
func NewCache[K comparable, V any](limit int64) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, byKey: map[K]*list.Element{}}
}

// Get gives the value of a key, if it is there.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached[K, V]).value, true
}

// Add keeps a value, in place of one of the same key.
func (c *Cache[K, V]) Add(key K, value V, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.remove(e)
	}
	c.byKey[key] = c.order.PushFront(&cached[K, V]{key, value, cost})
	c.cost += cost
	for c.cost > c.limit && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

// remove must be called with the cache locked.
func (c *Cache[K, V]) remove(e *list.Element) {
	v := c.order.Remove(e).(*cached[K, V])
	delete(c.byKey, v.key)
	c.cost -= v.cost
}

// Clear drops everything.
func (c *Cache[K, V]) Clear() { c.Keep(func(K) bool { return false }) }

// Keep drops the values of all keys but those that keep names.
func (c *Cache[K, V]) Keep(keep func(K) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, e := range c.byKey {
		if !keep(key) {
			c.remove(e)
		}
	}
}
