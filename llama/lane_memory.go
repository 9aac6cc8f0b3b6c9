//go:build llama && cgo

package llama

// #include "bridge.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// checkLanes says whether the session is usable and the lanes exist.
func (s *Session) checkLanes(lanes ...int) error {
	for _, lane := range lanes {
		if lane < 0 || lane >= s.params.lanes {
			return fmt.Errorf("llama: lane %d of %d", lane, s.params.lanes)
		}
	}
	return s.ready()
}

// Remove forgets a lane's tokens at positions p0 <= p < p1 (llama_memory_seq_rm). Unless p1 is the end of the lane, Shift
// must close the gap before the lane is fed again.
func (s *Session) Remove(lane, p0, p1 int) error {
	if err := s.checkLanes(lane); err != nil {
		return err
	}
	if p0 < 0 || p1 < p0 || p1 > s.held[lane] {
		return fmt.Errorf("llama: remove positions %d to %d of lane %d, which holds %d tokens", p0, p1, lane, s.held[lane])
	}
	if p0 == p1 {
		return nil
	}
	if !C.llama_memory_seq_rm(s.c.memory, C.llama_seq_id(lane), C.llama_pos(p0), C.llama_pos(p1)) {
		s.broken = true
		return fmt.Errorf("%w: it cannot forget part of a lane", ErrUnsupported)
	}
	s.measure(lane)
	return nil
}

// Shift adds delta to the positions p0 <= p < p1 of a lane (llama_memory_seq_add). Logits after a shift are not those of the
// tokens fed afresh at their new positions: they depend on the lane's history as well.
func (s *Session) Shift(lane, p0, p1, delta int) error {
	if err := s.checkLanes(lane); err != nil {
		return err
	}
	if p0 < 0 || p1 < p0 || p1 > s.held[lane] || p0+delta < 0 || p1+delta > s.params.window {
		return fmt.Errorf("llama: shift positions %d to %d of lane %d by %d", p0, p1, lane, delta)
	}
	if !C.llama_memory_can_shift(s.c.memory) {
		return fmt.Errorf("%w: its positions cannot be shifted", ErrUnsupported)
	}
	C.llama_memory_seq_add(s.c.memory, C.llama_seq_id(lane), C.llama_pos(p0), C.llama_pos(p1), C.llama_pos(delta))
	s.measure(lane)
	return nil
}

// Copy makes lane dst hold what lane src holds (llama_memory_seq_cp).
func (s *Session) Copy(dst, src int) error {
	if err := s.checkLanes(dst, src); err != nil || dst == src {
		return err
	}
	C.llama_memory_seq_rm(s.c.memory, C.llama_seq_id(dst), -1, -1)
	C.llama_memory_seq_cp(s.c.memory, C.llama_seq_id(src), C.llama_seq_id(dst), -1, -1)
	s.held[dst] = s.held[src]
	return nil
}

// SaveLane copies the state of a lane (llama_state_seq_get_data). It fits sessions of the same model in the same process.
func (s *Session) SaveLane(lane int) ([]byte, error) {
	if err := s.checkLanes(lane); err != nil {
		return nil, err
	}
	size := C.llama_state_seq_get_size(s.c.ctx, C.llama_seq_id(lane))
	if size == 0 {
		return nil, fmt.Errorf("llama: lane %d has no state%s", lane, takeReason())
	}
	state := make([]byte, size)
	n := C.llama_state_seq_get_data(s.c.ctx, (*C.uint8_t)(unsafe.Pointer(&state[0])), size, C.llama_seq_id(lane))
	if n == 0 || n > size {
		return nil, fmt.Errorf("llama: cannot save lane %d%s", lane, takeReason())
	}
	return state[:n], nil
}

// RestoreLane replaces what a lane holds by a state that SaveLane gave (llama_state_seq_set_data); the state must be
// trusted.
func (s *Session) RestoreLane(lane int, state []byte) error {
	if err := s.checkLanes(lane); err != nil {
		return err
	}
	if len(state) == 0 {
		return fmt.Errorf("llama: empty state for lane %d", lane)
	}
	C.llama_memory_seq_rm(s.c.memory, C.llama_seq_id(lane), -1, -1)
	n := C.llama_state_seq_set_data(s.c.ctx, (*C.uint8_t)(unsafe.Pointer(&state[0])), C.size_t(len(state)), C.llama_seq_id(lane))
	if s.measure(lane); int(n) != len(state) {
		s.broken = true
		return fmt.Errorf("llama: cannot restore lane %d%s", lane, takeReason())
	}
	return nil
}

// measure asks libllama how many tokens a lane holds (llama_memory_seq_pos_max is -1 for none).
func (s *Session) measure(lane int) {
	s.held[lane] = int(C.llama_memory_seq_pos_max(s.c.memory, C.llama_seq_id(lane))) + 1
}
