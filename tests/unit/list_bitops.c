// SPDX-License-Identifier: MIT
/* The small headers: lists, bits, alignment, rounding, error pointers, strings. Each against plain arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <asm/unaligned.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/string.h>

struct item {
	int value;
	struct list_head list;
	struct hlist_node node;
};

static unsigned int next(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

/* Random insertions, removals and moves against an array. */
static void lists_keep_their_order(void **state)
{
	struct item items[32];
	int oracle[32], n = 0;
	unsigned int seed = 1;
	LIST_HEAD(head);

	(void)state;
	print_message("seed 1\n");
	for (int i = 0; i < 32; i++) {
		items[i].value = i;
		INIT_LIST_HEAD(&items[i].list);
	}
	for (int step = 0; step < 20000; step++) {
		int i = next(&seed) % 32, at = 0;
		struct item *pos, *other;
		bool in = !list_empty(&items[i].list);

		if (in) {
			while (oracle[at] != i)
				at++;
			memmove(oracle + at, oracle + at + 1, (n - at - 1) * sizeof(int));
			n--;
			list_del_init(&items[i].list);
		}
		if (!in || next(&seed) % 2) {
			if (next(&seed) % 2) {
				list_add(&items[i].list, &head);
				memmove(oracle + 1, oracle, n * sizeof(int));
				oracle[0] = i;
			} else {
				list_add_tail(&items[i].list, &head);
				oracle[n] = i;
			}
			n++;
		}
		at = 0;
		list_for_each_entry (pos, &head, list)
			assert_int_equal(pos->value, oracle[at++]);
		assert_int_equal(at, n);
		list_for_each_entry_safe_reverse(pos, other, &head, list) assert_int_equal(pos->value, oracle[--at]);
		assert_int_equal(at, 0);
	}
}

static void lists_are_spliced(void **state)
{
	struct item a = {.value = 1}, b = {.value = 2}, c = {.value = 3};
	LIST_HEAD(first);
	LIST_HEAD(second);

	(void)state;
	list_add_tail(&a.list, &first);
	list_add_tail(&b.list, &second);
	list_add_tail(&c.list, &second);
	list_splice_tail_init(&second, &first);
	assert_true(list_empty(&second));
	assert_int_equal(list_count_nodes(&first), 3);
	assert_int_equal(list_last_entry(&first, struct item, list)->value, 3);
	list_move(&c.list, &first);
	assert_ptr_equal(list_first_entry(&first, struct item, list), &c);
	list_del(&c.list);
	assert_ptr_equal(c.list.next, LIST_POISON1);
	assert_null(list_first_entry_or_null(&second, struct item, list));
}

static void hash_lists(void **state)
{
	struct item a = {.value = 1}, b = {.value = 2};
	HLIST_HEAD(head);
	struct item *pos;
	int sum = 0;

	(void)state;
	hlist_add_head(&a.node, &head);
	hlist_add_head(&b.node, &head);
	hlist_for_each_entry (pos, &head, node)
		sum = sum * 10 + pos->value;
	assert_int_equal(sum, 21);
	hlist_del_init(&b.node);
	assert_true(hlist_unhashed(&b.node));
	hlist_del(&a.node);
	assert_true(hlist_empty(&head));
}

static void bits_are_found(void **state)
{
	DECLARE_BITMAP(map, 150);
	unsigned int seed = 7;

	(void)state;
	print_message("seed 7\n");
	for (int round = 0; round < 2000; round++) {
		bool oracle[150];
		unsigned long bit;
		unsigned int size = 1 + next(&seed) % 150, weight = 0, at = 0;

		bitmap_zero(map, 150);
		for (unsigned int i = 0; i < 150; i++) {
			oracle[i] = next(&seed) % 4 == 0;
			if (oracle[i])
				set_bit(i, map);
			weight += i < size && oracle[i];
		}
		assert_int_equal(bitmap_weight(map, size), weight);
		for_each_set_bit(bit, map, size)
		{
			while (!oracle[at])
				at++;
			assert_int_equal(bit, at++);
		}
		for (bit = find_first_zero_bit(map, size), at = 0; at < size && oracle[at]; at++)
			;
		assert_int_equal(bit, at);
	}
	bitmap_fill(map, 150);
	assert_true(bitmap_full(map, 150));
	assert_true(test_and_clear_bit(149, map));
	assert_false(test_and_clear_bit(149, map));
	assert_false(test_and_set_bit(149, map));
	assert_true(test_bit(149, map));
}

static void numbers(void **state)
{
	u64 big = 1000000007ULL * 10;
	int low = 3, high = 9, once = 0;

	(void)state;
	assert_int_equal(min(++once, 5), 1);
	assert_int_equal(once, 1);
	assert_int_equal(clamp(12, low, high), 9);
	assert_int_equal(clamp(1, low, high), 3);
	assert_int_equal(min3(4, 2, 9), 2);
	assert_int_equal(max3(4, 2, 9), 9);
	assert_int_equal(min_t(u8, 300, 50), 44);
	assert_int_equal(min_not_zero(0, 4), 4);
	assert_int_equal(ALIGN(4097, 4096), 8192);
	assert_int_equal(ALIGN_DOWN(4097, 4096), 4096);
	assert_true(IS_ALIGNED(8192, 4096));
	assert_int_equal(DIV_ROUND_UP(9, 4), 3);
	assert_int_equal(DIV_ROUND_CLOSEST(10, 4), 3);
	assert_int_equal(roundup(13, 5), 15);
	assert_int_equal(rounddown(13, 5), 10);
	assert_int_equal(round_up(13, 8), 16);
	assert_int_equal(roundup_pow_of_two(33), 64);
	assert_int_equal(order_base_2(33), 6);
	assert_int_equal(ilog2(4096), 12);
	assert_int_equal(GENMASK(7, 4), 0xf0);
	assert_int_equal(FIELD_GET(GENMASK(7, 4), 0xa5), 0xa);
	assert_int_equal(FIELD_PREP(GENMASK(7, 4), 0xa), 0xa0);
	assert_int_equal(fls(0), 0);
	assert_int_equal(fls(0x80000000), 32);
	assert_int_equal(fls64(1ULL << 40), 41);
	assert_int_equal(hweight32(0xf0f0), 8);
	assert_int_equal(sign_extend32(0xff, 7), -1);
	assert_int_equal(ror32(1, 1), 0x80000000);
	assert_int_equal(do_div(big, 10), 0);
	assert_int_equal(big, 1000000007);
	assert_int_equal(upper_32_bits(0x123456789abULL), 0x123);
	assert_int_equal(lower_32_bits(0x123456789abULL), 0x456789ab);
	swap(low, high);
	assert_int_equal(low, 9);
}

#define CONFIG_THERE	   1
#define CONFIG_PART_MODULE 1

static void configuration(void **state)
{
	(void)state;
	assert_int_equal(IS_ENABLED(CONFIG_THERE), 1);
	assert_int_equal(IS_ENABLED(CONFIG_PART), 1);
	assert_int_equal(IS_BUILTIN(CONFIG_PART), 0);
	assert_int_equal(IS_ENABLED(CONFIG_MISSING), 0);
}

static void errors_in_pointers(void **state)
{
	(void)state;
	assert_true(IS_ERR(ERR_PTR(-ENOMEM)));
	assert_int_equal(PTR_ERR(ERR_PTR(-ENOMEM)), -ENOMEM);
	assert_false(IS_ERR(NULL));
	assert_true(IS_ERR_OR_NULL(NULL));
	assert_int_equal(PTR_ERR_OR_ZERO(state), 0);
}

static void strings(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(strscpy(buf, "1234567", sizeof(buf)), 7);
	assert_int_equal(strscpy(buf, "12345678", sizeof(buf)), -E2BIG);
	assert_string_equal(buf, "1234567");
	assert_int_equal(strscpy(buf, "abc"), 3);
	assert_int_equal(strscpy(buf, "abc", 0), -E2BIG);
	assert_true(sysfs_streq("on\n", "on"));
	assert_false(sysfs_streq("on", "off"));
	memset(buf, 1, sizeof(buf));
	assert_null(memchr_inv(buf, 1, sizeof(buf)));
	buf[5] = 2;
	assert_ptr_equal(memchr_inv(buf, 1, sizeof(buf)), buf + 5);
	put_unaligned_le32(0x01020304, buf + 1);
	assert_int_equal(buf[1], 4);
	assert_int_equal(get_unaligned_le32(buf + 1), 0x01020304);
	assert_int_equal(get_unaligned_be16(buf + 1), 0x0403);
	assert_int_equal(le32_to_cpu(cpu_to_le32(5)), 5);
	assert_int_equal(be16_to_cpu((__force __be16)0x0100), 1);
}

static void text_to_numbers(void **state)
{
	unsigned int u;
	bool b;
	int i;

	(void)state;
	assert_int_equal(kstrtoint("-12\n", 10, &i), 0);
	assert_int_equal(i, -12);
	assert_int_equal(kstrtouint("0x1f", 0, &u), 0);
	assert_int_equal(u, 31);
	assert_int_equal(kstrtouint("12 ", 10, &u), -EINVAL);
	assert_int_equal(kstrtouint("", 10, &u), -EINVAL);
	assert_int_equal(kstrtouint("4294967296", 10, &u), -ERANGE);
	assert_int_equal(kstrtoint("2147483648", 10, &i), -ERANGE);
	assert_int_equal(kstrtobool("on", &b), 0);
	assert_true(b);
	assert_int_equal(kstrtobool("maybe", &b), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_keep_their_order),
		cmocka_unit_test(lists_are_spliced),
		cmocka_unit_test(hash_lists),
		cmocka_unit_test(bits_are_found),
		cmocka_unit_test(numbers),
		cmocka_unit_test(configuration),
		cmocka_unit_test(errors_in_pointers),
		cmocka_unit_test(strings),
		cmocka_unit_test(text_to_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
