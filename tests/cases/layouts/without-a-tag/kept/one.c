typedef struct __attribute__((designated_init)) {
	struct other *next;
	struct mutex lost;
	int count;
} changer;
