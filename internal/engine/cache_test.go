package engine

import "testing"

func TestCache(t *testing.T) {
	c := NewCache[int, string](10)
	for i := range 5 {
		c.Add(i, "v", 3)
	}
	c.Get(2)
	c.Add(5, "v", 3)
	for i, want := range []bool{false, false, true, false, true, true} {
		if _, ok := c.Get(i); ok != want {
			t.Errorf("%d is kept: %v, want %v", i, ok, want)
		}
	}
	c.Add(6, "large", 100)
	if v, ok := c.Get(6); !ok || v != "large" || len(c.byKey) != 1 || c.cost != 100 {
		t.Errorf("%q, %d values of cost %d", v, len(c.byKey), c.cost)
	}
	c.Add(6, "small", 1)
	c.Add(7, "v", 3)
	if c.cost != 4 || c.order.Len() != 2 {
		t.Errorf("%d values of cost %d", c.order.Len(), c.cost)
	}
}
