typedef struct {
	struct other *next;
	int count;
} changer;
