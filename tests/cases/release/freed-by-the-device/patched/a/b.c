int ask(struct cup *cup)
{
	return request_irq(cup->irq);
}
