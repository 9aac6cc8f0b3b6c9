package gguf

// slice reads the elements of an array. It grows with what was read.
func (d *decoder) slice(a Array) any {
	if int(a.Type) >= len(valueTypes) || a.Type == ArrayType {
		d.fail("array of %v", a.Type)
		return nil
	}
	switch a.Type {
	case Uint8:
		return elements[uint8](d, a)
	case Int8:
		return elements[int8](d, a)
	case Uint16:
		return elements[uint16](d, a)
	case Int16:
		return elements[int16](d, a)
	case Uint32:
		return elements[uint32](d, a)
	case Int32:
		return elements[int32](d, a)
	case Float32:
		return elements[float32](d, a)
	case Bool:
		return elements[bool](d, a)
	case String:
		return elements[string](d, a)
	case Uint64:
		return elements[uint64](d, a)
	case Int64:
		return elements[int64](d, a)
	}
	return elements[float64](d, a)
}

func elements[T any](d *decoder, a Array) []T {
	list := []T{}
	for n := a.Len; n > 0 && d.err == nil; n-- {
		if v := d.value(a.Type); d.err == nil {
			list = append(list, v.(T))
		}
	}
	return list
}
