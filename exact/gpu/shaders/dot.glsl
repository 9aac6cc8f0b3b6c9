// dotAdd adds the products of four pairs of int8. DOT takes the instruction of devices that have
// one (VK_KHR_shader_integer_dot_product), whose sums never reach their limit here.
#ifdef DOT
#extension GL_EXT_spirv_intrinsics : require
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int packedDot(uint a, uint b, spirv_literal uint format);

int dotAdd(uint a, uint b, int sum) { return sum + packedDot(a, b, 0u); }
#else
int dotAdd(uint a, uint b, int sum) {
	for (int i = 0; i < 4; i++) sum += signedByte(a, i) * signedByte(b, i);
	return sum;
}
#endif
