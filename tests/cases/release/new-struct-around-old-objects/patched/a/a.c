struct page {
	int count;
};

struct counted {
	int users;
	struct page pages[];
};

void drop(struct page *pages)
{
	free(container_of(pages, struct counted, pages));
}
