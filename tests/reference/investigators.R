# Effects of investigators within cells, their variance by leaving each row out, and UJIVE. Run in this folder:
#   Rscript investigators.R
# Writes investigators_rows.csv (an invented table) and investigators.csv: fixed effects and leverages of lm, the
# leave-out variance of Kline, Saggio and Soelvsten (2020) written out with full matrices, UJIVE of Kolesar (2013) from
# the fits of lm, and least squares and two-stage least squares with errors clustered by investigator (sandwich).
suppressMessages(library(sandwich))
set.seed(20130206)
n <- 240
d <- data.frame(who = sample(8, n, TRUE), cell = sample(12, n, TRUE))
d$who <- ifelse(d$cell > 8, 5 + d$who %% 4, d$who)  # not every hand works in every cell
u <- rnorm(n)
d$slow <- as.integer(u + 0.15 * d$who + 0.1 * d$cell > 1.2)
d$upheld <- as.integer(0.5 * u + 0.4 * d$slow + rnorm(n) > 0.6)
write.csv(d, "investigators_rows.csv", row.names = FALSE, quote = FALSE)
out <- data.frame()
say <- function(name, key, value) out <<- rbind(out, data.frame(name = name, key = key, value = sprintf("%.12g", value)))
Z <- model.matrix(~ factor(who), d)[, -1]
W <- model.matrix(~ 0 + factor(cell), d)
X <- cbind(Z, W)
S <- solve(crossprod(X))
H <- X %*% S %*% t(X)
HW <- W %*% solve(crossprod(W)) %*% t(W)
h <- diag(H)
say("leverage", 1:5, h[1:5])
say("leverage", "sum of squares", sum(h^2))
b <- coef(lm(slow ~ factor(who) + factor(cell), d))
effect <- c(0, b[2:ncol(Z)], b[ncol(Z) + 1])[1:8]
size <- as.numeric(table(d$who))
effect <- effect - sum(effect * size) / n
say("effect", 1:8, effect)
scale <- sum(size * (1 - size / n))
raw <- sum(size * effect^2) / scale
C <- rbind(0, diag(7))  # hands by the columns of Z
C <- C - matrix(size %*% C / n, 8, 7, byrow = TRUE)
A <- t(C) %*% diag(size) %*% C / scale
big <- matrix(0, ncol(X), ncol(X)); big[1:7, 1:7] <- A
B <- diag(X %*% S %*% big %*% S %*% t(X))
e <- resid(lm(slow ~ factor(who) + factor(cell), d))
y <- d$slow
others <- (sum(y) - y) / (n - 1)
say("raw", "variance", raw)
say("leave-out", "variance", raw - sum(B * (y - others) * e / (1 - h)))
G <- (H - diag(h)) / (1 - h) - (HW - diag(diag(HW))) / (1 - diag(HW))
z <- G %*% d$slow
say("ujive", "estimate", sum(z * d$upheld) / sum(z * d$slow))
f <- lm(upheld ~ slow + factor(cell), d)
say("least squares", "estimate", coef(f)["slow"])
say("least squares", "error", sqrt(vcovCL(f, cluster = d$who, type = "HC0", cadjust = FALSE)["slow", "slow"] * 8 / 7))
fit <- fitted(lm(slow ~ factor(who) + factor(cell), d))
s <- lm(upheld ~ fit + factor(cell), d)
say("two stage", "estimate", coef(s)["fit"])
first <- anova(lm(slow ~ factor(cell), d), lm(slow ~ factor(cell) + factor(who), d))
say("first stage", "F", first$F[2])
write.csv(out, "investigators.csv", row.names = FALSE, quote = FALSE)
