package stream

import "sync"

// calls counts the method calls of an Archive that are under way, and those of them that have
// called out, to a function of the caller's. It lets Close wait for the rest and never for itself.
type calls struct {
	mu      sync.Mutex
	changed *sync.Cond // nil: nobody waits
	inside  int        // under way
	outside int        // of these, in functions of the caller's
	closed  bool
	freed   bool
}

// enter begins a call.
func (c *calls) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.inside++
	return nil
}

// leave ends a call, and says whether the caller must free what calls use: it was the last.
func (c *calls) leave() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside--
	return c.last()
}

// last says, once, whether no call is under way and none will be.
func (c *calls) last() bool {
	if c.changed != nil {
		c.changed.Broadcast()
	}
	if !c.closed || c.inside > 0 || c.freed {
		return false
	}
	c.freed = true
	return true
}

// out runs a function of the caller's.
func (c *calls) out(f func()) {
	c.count(1)
	defer c.count(-1)
	f()
}

func (c *calls) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outside += n
	if c.changed != nil {
		c.changed.Broadcast()
	}
}

// close lets no further call begin, and waits for those that have not called out. It says what
// leave does.
func (c *calls) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.changed == nil {
		c.changed = sync.NewCond(&c.mu)
	}
	for c.inside > c.outside {
		c.changed.Wait()
	}
	return c.last()
}
